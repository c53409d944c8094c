"""The first version of the privacy notice, in force until the company publishes its own (SPEC POR-5)."""

# ruff: noqa: E501 - a paragraph is one line

ZH = """\
本门户由邀请你的企业（下称“我们”）提供，供你与我们的同事往来使用。使用前，请阅读以下说明。

一、我们保存哪些信息
姓名、所属组织和部门、职务、手机、电话、邮箱等联系信息；登录名，以及登录的时间、网络地址和设备；你在门户中发送的消息和办理的事项。密码只以不可还原的形式保存，我们看不到你的密码。

二、为什么保存
用于联系你、核对你的身份、向你开放应用、保护账号安全，以及依法留存操作记录。我们不将这些信息用于广告，也不出售。

三、谁能看到
我们负责与你往来的同事和管理人员，按各自的权限查看；手机和邮箱对无权查看的人只显示一部分，查看完整内容会留下记录。其他外部组织的人看不到你。除法律要求外，我们不向第三方提供。

四、保存多久
合作期间保存；联系人删除 30 天后清除，法律要求保留的操作记录除外。

五、你的权利
你可以在门户的“个人资料”中查看和更正自己的信息，也可以通过你的联络人要求更正、删除信息或注销账号。

六、内容变更
本说明有变化时，我们会在你下次登录时请你重新阅读。"""

EN = """\
This portal is provided by the company that invited you ("we") for working together with our colleagues. Please read this before you use it.

1. What we keep
Your name, organization and department, position, mobile, telephone and e-mail; your login name, and when, from which network address and device you log in; the messages you send and what you do in the portal. Passwords are kept in a form that cannot be turned back: we cannot see yours.

2. Why
To reach you, to know that it is you, to open applications to you, to keep accounts safe, and to keep the records the law asks for. We do not use it for advertising and do not sell it.

3. Who sees it
The colleagues and administrators who work with you, each within his rights; mobile and e-mail are shown in part only to those without the right to the whole, and looking at the whole is recorded. People of other external organizations do not see you. We give nothing to third parties unless the law requires it.

4. How long
As long as we work together; 30 days after a contact is deleted it is erased, apart from records that the law requires.

5. Your rights
You can see and correct your data in the portal under "My profile", and ask the person you are in contact with to correct or erase it or to close your account.

6. Changes
When this notice changes you will be asked to read it again at your next log-in."""

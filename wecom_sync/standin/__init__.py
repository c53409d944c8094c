"""A WeCom to try and to test against: the documented protocol of 上下游 with its limits and what it withholds.

    manage.py fake_wecom --port 8800 --corps 6 --people 300         # or: python -m wecom_sync.standin …
    WECOM_API_BASE=http://127.0.0.1:8800 WECOM_ALLOW_LOOPBACK=1     # for the site that is to speak to it

It prints `ready http://127.0.0.1:8800` and the connections to enter. It listens on this machine only, keeps everything
in memory, and invents a world from `--seed`: the same seed and sizes give the same world. Nobody in it is real.
`remote.running(...)` starts one for a test or a bench and gives a handle to what follows.

Control is JSON under /standin/, from this machine, with Content-Type application/json:

    GET  connections  what an administrator enters: corpid, agentid, secret; token and aes_key of the callback
    GET  truth        what a complete pull must end with, by upstream corp, chain, corp (truth.py)
    GET  calls        {"calls": {api: number}, "by_corp": {corpid: {api: number}}}
    POST calls        {}: counts from zero
    GET  faults       those that wait
    POST faults       {"kind", "api": "user/list" or "*", "corpid": "" for all, "after": calls that pass first,
                      "times": 0 for ever, "code": 45009, "seconds": 2}, or {"clear": true} (faults.py)
                      kinds: code timeout slow reset html http truncated cut empty repeat skip foreign
    GET  messages     sent messages and cards with what became of them
    POST mutate       {"kind", "count": 1, "corpid": "", "tell": false} → {"changed": […]} (mutations.py)
                      kinds: join leave rename move disappear rejoin new_department rename_department
                      move_department drop_department rename_corp corp_pending corp_joins corp_leaves share unshare
                      new_rule drop_rule. `tell` sends the callbacks that WeCom would send
    POST callback     {"corpid": upstream, "url"}: where its callbacks go, on this machine
    POST event        {"corpid": upstream, "variant": "plain", "about": …} → {"status": 200} (callbacks.py)
                      variants: plain replay resplit old forged receiver garbage doctype
    POST press        {"msgid", "userid", "key"} → {"status"}: presses the button of a sent card
    POST code         {"corpid": upstream, "who": "userid", "CorpId/userid" or ""} → {"code"}: a login code at once
    POST settings     {"limit": calls a minute of one API, "window": 60, "token_seconds": 7200,
                      "trusted_ips": […] or null, "closed": the app is disabled, "wide": it may use 上下游,
                      "kill_tokens": true}
    POST reset        {"seed": 2, …sizes}: another world; {}: the first one again
"""

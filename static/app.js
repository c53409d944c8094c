// The behaviour of every page: delegated listeners only, so nothing has to be bound again after a swap
// and a strict CSP holds. Texts come from the server in data-* attributes and templates.
import './js/tree.js';
import './js/drag.js';
import './js/rows.js';
import './js/dialogs.js';
import './js/menus.js';
import './js/bulk.js';
import './js/forms.js';
import './js/picker.js';
import './js/once.js';
import './js/theme.js';
import './js/requests.js';
import './js/focus.js';
import './js/live.js';
import './js/push.js';
import './js/countdown.js';
import './js/messages.js';

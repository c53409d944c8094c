// What only a conversation needs, beside app.js.
import './js/uploads.js';
import './js/viewer.js';

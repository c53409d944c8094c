// What only a conversation needs, beside app.js.
import './js/uploads.js';
import './js/viewer.js';
import './js/composer.js';
import './js/mentions.js';
import './js/emoji.js';

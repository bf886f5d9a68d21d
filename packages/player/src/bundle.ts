import { BacklotPlayer } from './backlot-player.js';
import { defineBacklotPlayer } from './define.js';
import { mountPage } from './page.js';

// The script that pages load. `<script src="…" data-page>` also makes the page a player.
const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.src !== '') BacklotPlayer.filesUrl = new URL('.', script.src);
defineBacklotPlayer();
if (script?.hasAttribute('data-page') === true) mountPage();

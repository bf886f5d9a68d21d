import { defineBacklotPlayer } from './define.js';
import { mountPage } from './page.js';

// The script that pages load. `<script src="…" data-page>` also makes the page a player.
const isPage = document.currentScript?.hasAttribute('data-page') === true;
defineBacklotPlayer();
if (isPage) mountPage();

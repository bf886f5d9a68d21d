// Writes the table of settings into README.md, between its two markers, from the server's list; `--check` compares.
import { readFileSync } from 'node:fs';
import { configTable } from '../packages/server/dist/config.js';
import { writeOrCheck } from './generated-file.mjs';

const BEGIN = '<!-- settings: written by scripts/config-table.mjs -->';
const END = '<!-- /settings -->';

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const begin = readme.indexOf(BEGIN);
const end = readme.indexOf(END);
if (begin === -1 || end < begin) throw new Error(`README.md lacks the markers ${BEGIN} and ${END}.`);
const rows = configTable().map(({ name, fallback, purpose }) => `| \`${name}\` | ${cell(fallback)} | ${cell(purpose)} |`);
const table = ['| variable | without it | what it is for |', '| --- | --- | --- |', ...rows].join('\n');
writeOrCheck('README.md', `${readme.slice(0, begin + BEGIN.length)}\n${table}\n${readme.slice(end)}`);

import { useSyncExternalStore } from 'react';

const STORAGE_KEY = 'backlot-theme';
const CHANGE = 'backlot-theme-change';

/** The console's colours: as the system, or always light or dark. */
export type Theme = 'system' | 'light' | 'dark';

const readTheme = (): Theme => {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    // Storage can be switched off.
    return 'system';
  }
};

/** Puts the chosen theme on the page. */
export const applyTheme = (theme: Theme = readTheme()): void => {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
};

const subscribe = (onChange: () => void): (() => void) => {
  window.addEventListener(CHANGE, onChange);
  return () => window.removeEventListener(CHANGE, onChange);
};

/** The theme, and how to choose another. */
export const useTheme = (): readonly [Theme, (theme: Theme) => void] => [
  useSyncExternalStore(subscribe, () => (document.documentElement.dataset['theme'] as Theme | undefined) ?? 'system'),
  (theme) => {
    try {
      localStorage.setItem(STORAGE_KEY, theme);
    } catch {
      // It holds for this page then.
    }
    applyTheme(theme);
    window.dispatchEvent(new Event(CHANGE));
  },
];

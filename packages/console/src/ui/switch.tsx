import { classes } from './classes.js';

export interface SwitchProps {
  /** Names what is switched, for everybody who can't see it, and as a tooltip. */
  readonly label: string;
  readonly isOn: boolean;
  readonly disabled?: boolean;
  readonly onChange: (isOn: boolean) => void;
}

/** Turns something on and off at once. */
export const Switch = ({ label, isOn, disabled = false, onChange }: SwitchProps) => (
  <button
    type="button"
    role="switch"
    aria-checked={isOn}
    aria-label={label}
    title={label}
    disabled={disabled}
    className="flex h-9 w-11 shrink-0 items-center justify-center rounded-md disabled:opacity-60 max-md:h-10"
    onClick={() => onChange(!isOn)}
  >
    <span className={classes('flex h-5 w-9 items-center rounded-full p-0.5 transition-colors', isOn ? 'bg-accent-solid' : 'bg-line-strong')}>
      <span className={classes('size-4 rounded-full bg-white transition-transform', isOn && 'translate-x-4')} />
    </span>
  </button>
);

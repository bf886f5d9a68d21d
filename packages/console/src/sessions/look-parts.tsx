import type { Framing, Keying, Render } from '@backlot/client';
import { DEFAULT_FRAMING } from '@backlot/keyer/framing';
import { RadioGroup } from 'radix-ui';
import { useId } from 'react';
import { Button } from '../ui/button.js';
import { OPTION, OPTIONS, Part } from './choices.js';

interface RangeFieldProps {
  readonly label: string;
  readonly note?: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly format: (value: number) => string;
  readonly disabled?: boolean;
  readonly onChange: (value: number) => void;
}

const RangeField = ({ label, note, value, min, max, step, format, disabled = false, onChange }: RangeFieldProps) => {
  const id = useId();
  return (
    <div>
      <div className="flex items-baseline justify-between gap-4">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <output htmlFor={id} className="text-sm text-ink-soft tabular-nums">
          {disabled ? 'Measured' : format(value)}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={disabled ? 'Measured' : format(value)}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        className="h-6 w-full accent-(--accent-solid) disabled:opacity-60"
        onChange={({ target }) => onChange(target.valueAsNumber)}
      />
      {note !== undefined && (
        <p id={`${id}-note`} className="text-sm text-ink-soft">
          {note}
        </p>
      )}
    </div>
  );
};

const percent = (value: number): string => `${Math.round(value * 100)} %`;
const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.round(Math.abs(value) * 100)} %`;

const isDefault = ({ scale, x, y, crop }: Framing): boolean =>
  scale === DEFAULT_FRAMING.scale && x === DEFAULT_FRAMING.x && y === DEFAULT_FRAMING.y && crop === DEFAULT_FRAMING.crop;

interface FramingPartProps {
  readonly value: Framing;
  readonly onChange: (framing: Framing) => void;
}

/** Where the avatar stands on the canvas. */
export const FramingPart = ({ value, onChange }: FramingPartProps) => {
  const set = (change: Partial<Framing>): void => onChange({ ...value, ...change });
  return (
    <Part title="Framing" field="framing">
      <div className="grid items-start gap-x-8 gap-y-4 sm:grid-cols-2">
        <RangeField label="Size" value={value.scale} min={0.25} max={4} step={0.05} format={percent} onChange={(scale) => set({ scale })} />
        <RangeField label="To the right" value={value.x} min={-1} max={1} step={0.01} format={signed} onChange={(x) => set({ x })} />
        <RangeField label="Down" value={value.y} min={-1} max={1} step={0.01} format={signed} onChange={(y) => set({ y })} />
        <label className="flex items-start gap-2">
          <input
            type="checkbox"
            className="mt-1 accent-(--accent-solid)"
            checked={value.crop === 'person'}
            onChange={({ target }) => set({ crop: target.checked ? 'person' : 'none' })}
          />
          <span>
            <span className="block font-medium">Crop to the person</span>
            <span className="block text-sm text-ink-soft">What fits the canvas is the person, without the screen around.</span>
          </span>
        </label>
        <Button className="justify-self-start sm:col-start-2" disabled={isDefault(value)} onClick={() => onChange(DEFAULT_FRAMING)}>
          Reset framing
        </Button>
      </div>
    </Part>
  );
};

interface KeyingPartProps {
  readonly value: Keying;
  readonly onChange: (keying: Keying) => void;
}

const SHARES = [
  { name: 'ceiling', label: 'Where the matte is full', note: 'Higher keeps the faintest hair, lower hides a noisy screen.', usual: 0.96, min: 0.6 },
  { name: 'hue_tolerance', label: 'Hue tolerance', note: 'Less where clothes are of a similar colour.', usual: 0.14, min: 0 },
  { name: 'detail', label: 'Detail of hair', note: 'Less where brightness is noisier than edges are fine.', usual: 1, min: 0 },
  { name: 'spill', label: 'Spill removal', note: 'How much of the screen’s light is taken off the person.', usual: 1, min: 0 },
] as const;

/** How the screen is keyed: all by itself, until somebody knows better. */
export const KeyingPart = ({ value, onChange }: KeyingPartProps) => {
  const id = useId();
  const isAutomatic = Object.keys(value).length === 0;
  const hasOwnKey = value.key !== undefined && value.key !== 'auto';
  const set = (change: Keying): void => onChange({ ...value, ...change });
  const measure = (): void => {
    const { floor: _chosen, ...rest } = value;
    onChange(rest);
  };
  return (
    <Part title="Keying" field="keying">
      <details className="card" open={!isAutomatic || undefined}>
        <summary className="cursor-pointer rounded-lg px-4 py-3 font-medium">
          {isAutomatic ? 'Automatic' : 'Changed by hand'}
          {isAutomatic && <span className="ml-2 font-normal text-ink-soft">The screen is measured in the picture.</span>}
        </summary>
        <div className="grid gap-x-8 gap-y-5 border-t border-line p-4 sm:grid-cols-2">
          <div>
            <label htmlFor={`${id}-key`} className="mb-1 block font-medium">
              Screen colour
            </label>
            <div className="flex gap-2">
              <select
                id={`${id}-key`}
                className="field"
                value={hasOwnKey ? 'own' : 'auto'}
                onChange={({ target }) => set({ key: target.value === 'own' ? '#00ff00' : 'auto' })}
              >
                <option value="auto">Measured</option>
                <option value="own">This colour, as it arrives</option>
              </select>
              {hasOwnKey && (
                <input
                  type="color"
                  aria-label="Colour of the screen"
                  className="h-9 w-14 shrink-0 rounded-md border border-line-strong bg-surface p-1"
                  value={value.key}
                  onChange={({ target }) => set({ key: target.value })}
                />
              )}
            </div>
          </div>
          <div>
            <RangeField
              label="Where the matte starts"
              value={value.floor ?? 0.1}
              min={0}
              max={0.5}
              step={0.01}
              format={percent}
              disabled={value.floor === undefined}
              onChange={(floor) => set({ floor })}
            />
            <label className="flex items-center gap-2 text-sm">
              <input
                type="checkbox"
                className="accent-(--accent-solid)"
                checked={value.floor === undefined}
                onChange={({ target }) => (target.checked ? measure() : set({ floor: 0.1 }))}
              />
              Measured, place by place
            </label>
          </div>
          {SHARES.map(({ name, label, note, usual, min }) => (
            <RangeField
              key={name}
              label={label}
              note={note}
              value={value[name] ?? usual}
              min={min}
              max={1}
              step={0.01}
              format={percent}
              onChange={(share) => set({ [name]: share })}
            />
          ))}
          <label className="flex items-start gap-2">
            <input
              type="checkbox"
              className="mt-1 accent-(--accent-solid)"
              checked={value.plate ?? true}
              onChange={({ target }) => set({ plate: target.checked })}
            />
            <span>
              <span className="block font-medium">Uneven screen</span>
              <span className="block text-sm text-ink-soft">Its light is measured place by place. Off for screens that were drawn.</span>
            </span>
          </label>
          <div className="sm:col-span-2">
            <Button disabled={isAutomatic} onClick={() => onChange({})}>
              Make it automatic again
            </Button>
          </div>
        </div>
      </details>
    </Part>
  );
};

const RENDERS: readonly { readonly value: Render; readonly label: string; readonly note: string }[] = [
  { value: 'client', label: 'By each viewer', note: 'In the browser, on its GPU. Sharpest, and a swap costs nothing.' },
  { value: 'server', label: 'By the server', note: 'Once, for recorders, TVs and phones. On LiveKit a compositor must run.' },
];

interface RenderPartProps {
  readonly value: Render;
  readonly onChange: (render: Render) => void;
}

/** Where the picture is composed. */
export const RenderPart = ({ value, onChange }: RenderPartProps) => (
  <Part title="Rendering" field="render">
    <RadioGroup.Root aria-label="Rendering" value={value} onValueChange={(render) => onChange(render === 'server' ? 'server' : 'client')} className={OPTIONS}>
      {RENDERS.map(({ value: render, label, note }) => (
        <RadioGroup.Item key={render} value={render} className={OPTION}>
          <span>
            <span className="block font-medium">{label}</span>
            <span className="block text-sm text-ink-soft">{note}</span>
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  </Part>
);

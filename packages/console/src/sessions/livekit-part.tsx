import { Part } from './choices.js';

/** What a session on LiveKit can be told of its room. */
export interface RoomChoice {
  readonly room: string;
  readonly identity: string;
}

interface LivekitPartProps {
  readonly value: RoomChoice;
  readonly onChange: (choice: RoomChoice) => void;
}

const FIELDS = [
  { name: 'room', label: 'Room', placeholder: 'A room of its own', note: 'A room that exists is joined and kept; else it is made.' },
  { name: 'identity', label: 'Identity of the viewer', placeholder: 'One of its own', note: 'Whom the session’s access token is for.' },
] as const;

/** In which LiveKit room, and for whom. */
export const LivekitPart = ({ value, onChange }: LivekitPartProps) => (
  <Part title="LiveKit">
    <div className="grid gap-4 sm:grid-cols-2">
      {FIELDS.map(({ name, label, placeholder, note }) => (
        <div key={name}>
          <label htmlFor={`livekit-${name}`} className="mb-1 block font-medium">
            {label} <span className="font-normal text-ink-soft">(optional)</span>
          </label>
          <input
            id={`livekit-${name}`}
            maxLength={256}
            autoComplete="off"
            spellCheck={false}
            className="field"
            placeholder={placeholder}
            aria-describedby={`livekit-${name}-note`}
            value={value[name]}
            onChange={({ target }) => onChange({ ...value, [name]: target.value })}
          />
          <p id={`livekit-${name}-note`} className="mt-1 text-sm text-ink-soft">
            {note}
          </p>
        </div>
      ))}
    </div>
  </Part>
);

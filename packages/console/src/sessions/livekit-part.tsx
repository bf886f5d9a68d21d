import { describeField, FieldError, useFieldError } from '../ui/field-errors.js';
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
      {FIELDS.map((field) => (
        <RoomField key={field.name} field={field} value={value[field.name]} onChange={(text) => onChange({ ...value, [field.name]: text })} />
      ))}
    </div>
  </Part>
);

interface RoomFieldProps {
  readonly field: (typeof FIELDS)[number];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const RoomField = ({ field: { name, label, placeholder, note }, value, onChange }: RoomFieldProps) => {
  const id = `livekit-${name}`;
  const message = useFieldError(`livekit_${name}`);
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label} <span className="font-normal text-ink-soft">(optional)</span>
      </label>
      <input
        id={id}
        maxLength={256}
        autoComplete="off"
        spellCheck={false}
        className="field"
        placeholder={placeholder}
        {...describeField(`${id}-error`, message, `${id}-note`)}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
      <FieldError id={`${id}-error`} message={message} />
      <p id={`${id}-note`} className="mt-1 text-sm text-ink-soft">
        {note}
      </p>
    </div>
  );
};

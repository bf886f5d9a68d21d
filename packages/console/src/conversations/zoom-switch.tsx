interface ZoomSwitchProps {
  readonly isZoomed: boolean;
  readonly onChange: (isZoomed: boolean) => void;
}

const VIEWS = [
  { isZoomed: true, label: 'With iOS 26’s zoom' },
  { isZoomed: false, label: 'As sent' },
] as const;

/** Shows a wallpaper that a program has set as phones do, or as it was sent. */
export const ZoomSwitch = ({ isZoomed, onChange }: ZoomSwitchProps) => (
  <div role="group" aria-label="How the wallpaper is shown" className="flex gap-1 rounded-md bg-sunken p-1">
    {VIEWS.map((view) => (
      <button
        key={view.label}
        type="button"
        aria-pressed={isZoomed === view.isZoomed}
        className="min-h-8 rounded-sm px-2.5 text-sm text-ink-soft hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink"
        onClick={() => onChange(view.isZoomed)}
      >
        {view.label}
      </button>
    ))}
  </div>
);

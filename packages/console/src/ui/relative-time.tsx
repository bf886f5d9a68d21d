import { useEffect, useState } from 'react';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** Clocks differ a little: what is so little ahead has just been. */
const SKEW_S = 3;

/** "3 hours ago" for a time; within a minute "just now", or "in a moment" when it is ahead. */
export const formatRelative = (time: string, nowMs: number): string => {
  const seconds = (Date.parse(time) - nowMs) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return seconds > SKEW_S ? 'in a moment' : 'just now';
};

/** A time as people say it, the exact one on hover. */
export const RelativeTime = ({ time }: { readonly time: string }) => {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={time} title={exact.format(new Date(time))} className="whitespace-nowrap">
      {formatRelative(time, nowMs)}
    </time>
  );
};

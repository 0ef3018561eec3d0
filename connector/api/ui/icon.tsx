/** Strokes on a grid of 24. */
const PATHS = {
  brand: 'M3 8c4.5 0 4.5 4 9 4s4.5-4 9-4M3 16c4.5 0 4.5-4 9-4s4.5 4 9 4',
  device: 'M4 5h16v10H4zM8 19h8M12 15v4',
  pulse: 'M3 12h4l3-7 4 14 3-7h4',
  door: 'M6 21V3h12v18M3 21h18M14.5 12v.01',
  'door-open': 'M6 21V3h12v18M3 21h18M6 3l7 3v15',
  sink: 'M4 6h10M4 12h16M4 18h7M16 3l3 3-3 3M14 15l3 3-3 3',
  sliders: 'M5 4v7M5 15v5M12 4v3M12 11v9M19 4v10M19 18v2M3 13h4M10 9h4M17 16h4',
  flask: 'M9 3h6M10 3v6L4.5 19a1.5 1.5 0 0 0 1.3 2h12.4a1.5 1.5 0 0 0 1.3-2L14 9V3M8 15h8',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  screen: 'M3 4h18v12H3zM8 20h8',
  leave: 'M14 4h5v16h-5M4 12h10M10 8l4 4-4 4',
  locked: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  unlocked: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2',
  alarm: 'M12 3l9.5 17h-19zM12 10v4M12 17v.01',
  badge: 'M5 4h14v16H5zM12 8.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM8.5 16.5c.6-1.6 6.400-1.6 7 0',
  play: 'M7 4l12 8-12 8z',
  pause: 'M8 5v14M16 5v14',
  back: 'M19 12H5M11 6l-6 6 6 6',
} as const;

export type IconName = keyof typeof PATHS;

/** Never the only thing that says it: text stands beside it, or a label on what it is in. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

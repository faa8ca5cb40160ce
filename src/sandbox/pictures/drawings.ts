// The pictures that the sandbox serves, as SVG: things with text, colours and shapes to ask about.
import { drawnText, textWidth } from './stroke-font.js';

/** A picture before it is rendered. */
export interface Drawing {
  /** Width and height in pixels. */
  readonly size: readonly [width: number, height: number];
  readonly svg: string;
}

/** The pictures by file name; the ending is the format that they are served in. */
export const drawings: Readonly<Record<string, Drawing>> = {
  'invoice.png': drawing([1000, 700], invoice()),
  'street-sign.jpg': drawing([1024, 680], streetSign()),
  'chart.webp': drawing([900, 600], chart()),
  'sunset.jpg': drawing([960, 640], sunset()),
};

function invoice(): string {
  const navy = '#12305e';
  const ink = '#222';
  return [
    rectangle(0, 0, 1000, 700, '#fff'),
    rectangle(0, 0, 1000, 150, navy),
    drawnText({ text: 'INVOICE 2026-118', left: 60, top: 50, size: 50, colour: '#fff' }),
    drawnText({ text: 'DESK LAMP', left: 60, top: 230, size: 32, colour: ink }),
    drawnText({ text: '59.00', left: 720, top: 230, size: 32, colour: ink }),
    drawnText({ text: 'OAK SHELF', left: 60, top: 310, size: 32, colour: ink }),
    drawnText({ text: '84.50', left: 720, top: 310, size: 32, colour: ink }),
    rectangle(60, 400, 880, 4, navy),
    drawnText({ text: 'TOTAL: 143.50 EUR', left: 60, top: 440, size: 40, colour: navy }),
    drawnText({ text: 'PAY BY 31 MARCH', left: 60, top: 560, size: 28, colour: '#555' }),
  ].join('');
}

function streetSign(): string {
  return [
    rectangle(0, 0, 1024, 680, '#9fd3f5'),
    rectangle(0, 520, 1024, 160, '#3c8b3f'),
    rectangle(500, 270, 24, 330, '#888'),
    rectangle(112, 110, 800, 180, '#0b3d91'),
    centred('HARBOUR STREET', 512, 155, 44, '#fff'),
    centred('24', 512, 225, 40, '#fff'),
  ].join('');
}

function chart(): string {
  const bars = [
    ['Q1', 180, '#e07b1f'],
    ['Q2', 260, '#2f9e44'],
    ['Q3', 330, '#1c7ed6'],
    ['Q4', 290, '#c92a2a'],
  ] as const;
  return [
    rectangle(0, 0, 900, 600, '#f8f8f4'),
    drawnText({ text: 'SALES BY QUARTER', left: 60, top: 40, size: 40, colour: '#222' }),
    ...bars.flatMap(([label, height, colour], index) => [
      rectangle(100 + 190 * index, 510 - height, 120, height, colour),
      centred(label, 160 + 190 * index, 532, 36, '#222'),
    ]),
  ].join('');
}

function sunset(): string {
  return [
    rectangle(0, 0, 960, 400, '#e8590c'),
    '<circle cx="480" cy="360" r="130" fill="#ffd43b"/>',
    rectangle(0, 400, 960, 240, '#0b2545'),
    rectangle(380, 430, 200, 10, '#ffd43b'),
    rectangle(420, 470, 120, 8, '#ffd43b'),
    '<path d="M120 420L260 420L230 460L150 460ZM190 420V300L250 400Z" fill="#1a1a1a"/>',
  ].join('');
}

function drawing(size: readonly [number, number], content: string): Drawing {
  const [width, height] = size;
  return {
    size,
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`,
  };
}

function rectangle(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function centred(text: string, middle: number, top: number, size: number, colour: string): string {
  return drawnText({ text, left: middle - textWidth(text, size) / 2, top, size, colour });
}

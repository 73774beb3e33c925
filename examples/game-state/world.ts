// The world: a sun and its planets in a plane, as it lies in shared memory, and how it moves.

import { array, type Elements, f64, type Layout, struct, u32 } from 'memspan';

export interface Body {
  mass: number;
  x: number;
  y: number;
  vx: number;
  vy: number;
}

/** In place, in shared memory. */
export interface WorldView {
  step: number;
  readonly bodies: Elements<Body, Body>;
}

/** A copy. */
export interface World {
  readonly step: number;
  readonly bodies: readonly Readonly<Body>[];
}

const count = 6;
export const World: Layout<World, WorldView> = struct({
  step: u32,
  bodies: array(struct({ mass: f64, x: f64, y: f64, vx: f64, vy: f64 }), count),
});

/** Steps a second. */
export const rate = 120;
const GRAVITY = 1;

export function createWorld(world: WorldView): void {
  world.step = 0;
  const sun = { mass: 100, x: 0, y: 0, vx: 0, vy: 0 };
  for (let i = 1; i < count; i++) {
    const [mass, radius, angle] = [0.2 * i, 2 + 1.5 * i, 2.4 * i];
    const speed = Math.sqrt((GRAVITY * sun.mass) / radius);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const planet = { mass, x: radius * cos, y: radius * sin, vx: -speed * sin, vy: speed * cos };
    world.bodies.set(i, planet);
    sun.vx -= (mass * planet.vx) / sun.mass;
    sun.vy -= (mass * planet.vy) / sun.mass;
  }
  world.bodies.set(0, sun);
}

/** A step of 1/120 s, in place: gravity changes the speeds, then they change the places (semi-implicit Euler). */
export function advance(world: WorldView): void {
  const { bodies } = world;
  const seconds = 1 / rate;
  for (let i = 0; i < count; i++) {
    const a = bodies.get(i);
    for (let j = 0; j < i; j++) {
      const b = bodies.get(j);
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const pull = (seconds * GRAVITY * a.mass * b.mass) / (dx * dx + dy * dy + 0.01) ** 1.5;
      a.vx += (pull * dx) / a.mass;
      a.vy += (pull * dy) / a.mass;
      b.vx -= (pull * dx) / b.mass;
      b.vy -= (pull * dy) / b.mass;
    }
  }
  for (let i = 0; i < count; i++) {
    const body = bodies.get(i);
    body.x += seconds * body.vx;
    body.y += seconds * body.vy;
  }
  world.step++;
}

/**
 * Whether it is one step and not half of another: what one body gains in momentum others lose, so the sum stays 0; in the midst of
 * a step it is not.
 */
export function isWhole({ bodies }: World): boolean {
  let [px, py, all] = [0, 0, 0];
  for (const { mass, vx, vy } of bodies) {
    px += mass * vx;
    py += mass * vy;
    all += mass * Math.hypot(vx, vy);
  }
  return all > 0 && Math.hypot(px, py) < 1e-9 * all;
}

import '../errors/error.js';
export const door = 1;

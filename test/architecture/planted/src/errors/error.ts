import '../gateway/gateway.js';
export const planted = 1;

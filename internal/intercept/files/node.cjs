// Loaded into Node by NODE_OPTIONS under wxlogin serve --mock. Node's own https, http2 and fetch do not use a proxy (before
// NODE_USE_ENV_PROXY, which came with Node 22.21 and 24.5), so TLS connections to WeChat's hosts are led to the simulation here: another
// address and port, the same name. Whoever speaks to a proxy already brings a socket of his own and is left alone.
'use strict';
const tls = require('tls');

const hosts = new Set(@HOSTS@);
const simulation = { host: '@HOST@', port: @PORT@ };
const connect = tls.connect;

// The forms are those of tls.connect: (options[, callback]), (port[, host][, options][, callback]), (path[, options][, callback]).
tls.connect = function (...args) {
  let options = args.find((arg) => arg !== null && typeof arg === 'object');
  const callback = args.find((arg) => typeof arg === 'function');
  let host = options && options.host;
  if (args[0] !== options) {
    if (typeof args[1] === 'string') host = args[1];
    if (typeof args[0] === 'string' && Number.isNaN(Number(args[0]))) host = undefined; // the path of a local socket
  }
  const name = bare(host);
  if (!hosts.has(name) || (options && (options.socket || options.path))) return connect.apply(this, args);
  options = Object.assign({}, options, simulation);
  options.servername = options.servername ? bare(options.servername) : name; // the name to vouch for stays
  options.lookup = undefined; // there is nothing to look up
  return connect.call(this, options, callback);
};
require('module').syncBuiltinESMExports(); // import { connect } from 'node:tls'

function bare(host) {
  return String(host).toLowerCase().replace(/\.$/, '');
}

// Node 22 calls the proxy support that we switched on an experiment. Whoever did not switch it on need not read that.
const emit = process.emit;
process.emit = function (event, warning) {
  if (event === 'warning' && warning && warning.code === 'UNDICI-EHPA') return true;
  return emit.apply(this, arguments);
};

// Follows a WebSocket and tells what comes, one JSON object a line:
//   node client.mjs URL [--pong=no] [--close=CODE --after=MESSAGES]
import WebSocket from 'ws';

const [url, ...flags] = process.argv.slice(2);
const flag = name => flags.find(text => text.startsWith(`--${name}=`))?.split('=')[1];
const tell = event => process.stdout.write(JSON.stringify(event) + '\n');

const socket = new WebSocket(url, { rejectUnauthorized: false, autoPong: flag('pong') !== 'no', origin: url });
let messages = 0;
socket.on('open', () => tell({ event: 'open', protocol: socket.protocol, extensions: socket.extensions }));
socket.on('ping', data => tell({ event: 'ping', length: data.length }));
socket.on('pong', data => tell({ event: 'pong', data: data.toString('hex') }));
socket.on('message', (data, binary) => {
  tell({ event: 'message', binary, data: data.toString('base64') });
  if (++messages === Number(flag('after') ?? 0)) {
    socket.close(Number(flag('close')), 'enough');
  }
});
socket.on('close', (code, reason) => tell({ event: 'close', code, reason: reason.toString() }));
socket.on('unexpected-response', (_, response) => {
  tell({ event: 'refused', status: response.statusCode });
  socket.terminate();
});
socket.on('error', error => tell({ event: 'error', message: error.message }));
process.stdin.on('data', data => socket.ping(data.toString().trim())); // each line is sent as a ping
socket.on('close', () => process.exit(0));

using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// Reads what a client sends (RFC 6455, no extensions) from pieces of any size. Nothing of a message is kept, as nobody reads it: it is
/// unmasked, checked and forgotten, so that a connection costs the same whatever comes. One user.
/// </summary>
internal sealed class ClientFrames
{
    /// <summary>The largest message taken, over all of its frames. No known client sends any.</summary>
    public const int MaxMessageBytes = 64 * 1024;

    /// <summary>The largest payload of a control frame.</summary>
    public const int MaxControlBytes = 125;

    private const int MaxHeaderBytes = 14;
    private Header _header;
    private ControlPayload _control;
    private Utf8Check _text;
    private Opcode _opcode; // of the frame
    private bool _final;
    private bool _inPayload;
    private bool _inMessage; // frames of a message have come, its last one has not
    private bool _isText; // the message
    private int _headerBytes;
    private int _payload; // bytes of the frame's payload
    private int _taken; // of these
    private int _message; // bytes of the message's frames so far

    /// <summary>Payload of a ping or pong; valid until the next call.</summary>
    public ReadOnlySpan<byte> Control => ((ReadOnlySpan<byte>)_control)[.._payload];

    /// <summary>The code of a client's close frame, <see cref="CloseStatus.None"/> if it had none; at an error, the code to close with.</summary>
    public ushort Status { get; private set; }

    /// <summary>What was wrong, for the close frame's reason.</summary>
    public string Error { get; private set; } = "";

    /// <summary>Takes bytes up to the next event; what is left of <paramref name="bytes"/> is behind it.</summary>
    public ClientEvent Read(ref ReadOnlySpan<byte> bytes)
    {
        while (Error.Length == 0)
        {
            if (!_inPayload)
            {
                if (!TryReadHeader(ref bytes))
                {
                    return Error.Length == 0 ? ClientEvent.None : ClientEvent.Error;
                }

                _inPayload = true;
                _taken = 0;
            }

            TakePayload(ref bytes);
            if (Error.Length > 0)
            {
                break;
            }

            if (_taken < _payload)
            {
                return ClientEvent.None;
            }

            _inPayload = false;
            _headerBytes = 0;
            if (EndFrame() is var found and not ClientEvent.None)
            {
                return found;
            }
        }

        return ClientEvent.Error;
    }

    // False: more is needed, or an error was found. What the first two bytes say is judged before more is waited for.
    private bool TryReadHeader(ref ReadOnlySpan<byte> bytes)
    {
        Span<byte> header = _header;
        while (true)
        {
            var need = _headerBytes < 2 ? 2 : HeaderLength(header[1]);
            if (_headerBytes == need)
            {
                return TryAcceptLength(header);
            }

            var count = Math.Min(need - _headerBytes, bytes.Length);
            bytes[..count].CopyTo(header[_headerBytes..]);
            bytes = bytes[count..];
            _headerBytes += count;
            if (_headerBytes < need || (need == 2 && !TryAcceptKind(header[0], header[1])))
            {
                return false;
            }
        }
    }

    private static int HeaderLength(byte second) => 2 + 4 + ((second & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 });

    private bool TryAcceptKind(byte first, byte second)
    {
        _final = (first & 0x80) != 0;
        _opcode = (Opcode)(first & 0x0F);
        if ((first & 0x70) != 0)
        {
            return Fail(CloseStatus.ProtocolError, "A reserved bit is set.");
        }

        if (!Enum.IsDefined(_opcode))
        {
            return Fail(CloseStatus.ProtocolError, "The opcode is reserved.");
        }

        if ((second & 0x80) == 0)
        {
            return Fail(CloseStatus.ProtocolError, "The frame is not masked.");
        }

        if (_opcode >= Opcode.Close)
        {
            return _final && (second & 0x7F) <= MaxControlBytes
                || Fail(CloseStatus.ProtocolError, "A control frame is fragmented or longer than 125 bytes.");
        }

        return (_opcode == Opcode.Continuation) == _inMessage
            || Fail(CloseStatus.ProtocolError, _inMessage ? "A message begins inside another." : "Nothing is there to continue.");
    }

    private bool TryAcceptLength(ReadOnlySpan<byte> header)
    {
        var length = (header[1] & 0x7F) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(header[2..]),
            127 => BinaryPrimitives.ReadUInt64BigEndian(header[2..]),
            var small => (ulong)small,
        };
        if (_opcode < Opcode.Close)
        {
            if (_opcode != Opcode.Continuation)
            {
                _isText = _opcode == Opcode.Text;
                _text = default;
                _message = 0;
            }

            if (length > (ulong)(MaxMessageBytes - _message))
            {
                return Fail(CloseStatus.TooBig, "A message is larger than 64 KiB.");
            }

            _message += (int)length;
        }

        _payload = (int)length;
        return true;
    }

    private void TakePayload(ref ReadOnlySpan<byte> bytes)
    {
        Span<byte> plain = stackalloc byte[256];
        Span<byte> control = _control;
        var mask = ((ReadOnlySpan<byte>)_header).Slice(_headerBytes - 4, 4);
        while (_taken < _payload && !bytes.IsEmpty)
        {
            var count = Math.Min(Math.Min(_payload - _taken, bytes.Length), plain.Length);
            if (_opcode >= Opcode.Close || _isText)
            {
                for (var i = 0; i < count; i++)
                {
                    plain[i] = (byte)(bytes[i] ^ mask[(_taken + i) & 3]);
                }
            }

            if (_opcode >= Opcode.Close)
            {
                plain[..count].CopyTo(control[_taken..]);
            }
            else if (_isText && !_text.Accept(plain[..count]))
            {
                Fail(CloseStatus.InvalidPayload, "A text is not UTF-8.");
                return;
            }

            _taken += count;
            bytes = bytes[count..];
        }
    }

    private ClientEvent EndFrame()
    {
        switch (_opcode)
        {
            case Opcode.Ping:
                return ClientEvent.Ping;
            case Opcode.Pong:
                return ClientEvent.Pong;
            case Opcode.Close:
                return TryReadClose() ? ClientEvent.Close : ClientEvent.Error;
            default:
                _inMessage = !_final;
                if (_final && _isText && !_text.Complete)
                {
                    Fail(CloseStatus.InvalidPayload, "A text ends inside a character.");
                    return ClientEvent.Error;
                }

                return _final ? ClientEvent.Message : ClientEvent.None;
        }
    }

    private bool TryReadClose()
    {
        if (_payload == 0)
        {
            Status = CloseStatus.None;
            return true;
        }

        var reason = default(Utf8Check);
        var code = _payload == 1 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(Control);
        if (!CloseStatus.MayBeSent(code))
        {
            return Fail(CloseStatus.ProtocolError, "The close code is none that may be sent.");
        }

        if (!reason.Accept(Control[2..]) || !reason.Complete)
        {
            return Fail(CloseStatus.InvalidPayload, "The close reason is not UTF-8.");
        }

        Status = code;
        return true;
    }

    private bool Fail(ushort status, string error)
    {
        (Status, Error) = (status, error);
        return false;
    }

    [InlineArray(MaxHeaderBytes)]
    private struct Header
    {
        private byte _first;
    }

    [InlineArray(MaxControlBytes)]
    private struct ControlPayload
    {
        private byte _first;
    }
}

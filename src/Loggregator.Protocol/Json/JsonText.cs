using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Json;

/// <summary>
/// JSON tokens into a buffer, with protobuf's own rules: only quote, backslash and control characters are escaped, 64-bit integers are strings,
/// doubles that JSON has no number for are strings.
/// </summary>
internal ref struct JsonText(IBufferWriter<byte> writer)
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);
    private readonly IBufferWriter<byte> _writer = writer;
    private Span<byte> _span;
    private int _written;

    /// <summary>Hands what was written to the buffer; once, at the end.</summary>
    public void Flush()
    {
        _writer.Advance(_written);
        _written = 0;
        _span = default;
    }

    /// <summary>Writes punctuation and names as they are.</summary>
    public void Raw(scoped ReadOnlySpan<byte> text)
    {
        Reserve(text.Length);
        text.CopyTo(_span[_written..]);
        _written += text.Length;
    }

    /// <summary>Writes UTF-8 text as a JSON string.</summary>
    public void String(scoped ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 2);
        _span[_written++] = (byte)'"';
        while (true)
        {
            var at = text.IndexOfAny(Escaped);
            Raw(at < 0 ? text : text[..at]);
            if (at < 0)
            {
                break;
            }

            Escape(text[at]);
            text = text[(at + 1)..];
        }

        Raw("\""u8);
    }

    /// <summary>Writes a 64-bit integer, in quotes.</summary>
    public void Integer(long value)
    {
        Reserve(22);
        _span[_written++] = (byte)'"';
        Utf8Formatter.TryFormat(value, _span[_written..], out var length);
        _written += length;
        _span[_written++] = (byte)'"';
    }

    /// <summary>Writes a 64-bit integer, in quotes.</summary>
    public void Integer(ulong value)
    {
        Reserve(22);
        _span[_written++] = (byte)'"';
        Utf8Formatter.TryFormat(value, _span[_written..], out var length);
        _written += length;
        _span[_written++] = (byte)'"';
    }

    /// <summary>Writes the number of an enum's value that has no name.</summary>
    public void Number(int value)
    {
        Reserve(11);
        value.TryFormat(_span[_written..], out var length, default, CultureInfo.InvariantCulture);
        _written += length;
    }

    /// <summary>Writes a double.</summary>
    public void Double(double value)
    {
        if (double.IsFinite(value))
        {
            Reserve(FloatText.MaxLength);
            _written += FloatText.WriteJson(_span[_written..], value);
        }
        else
        {
            Raw(double.IsNaN(value) ? "\"NaN\""u8 : value > 0 ? "\"Infinity\""u8 : "\"-Infinity\""u8);
        }
    }

    /// <summary>Writes bytes as standard base64 with padding.</summary>
    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        Reserve(Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 2);
        _span[_written++] = (byte)'"';
        Base64.EncodeToUtf8(bytes, _span[_written..], out _, out var length);
        _written += length;
        _span[_written++] = (byte)'"';
    }

    private void Escape(byte character)
    {
        Reserve(6);
        _span[_written++] = (byte)'\\';
        var letter = character switch
        {
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            (byte)'"' or (byte)'\\' => character,
            _ => (byte)'u',
        };
        _span[_written++] = letter;
        if (letter == 'u')
        {
            "00"u8.CopyTo(_span[_written..]);
            _span[_written + 2] = (byte)('0' + (character >> 4));
            _span[_written + 3] = "0123456789abcdef"u8[character & 15];
            _written += 4;
        }
    }

    private void Reserve(int length)
    {
        if (_span.Length - _written < length)
        {
            _writer.Advance(_written);
            _written = 0;
            _span = _writer.GetSpan(Math.Max(length, 512));
        }
    }
}

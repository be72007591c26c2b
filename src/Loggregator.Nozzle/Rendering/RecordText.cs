using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>Pieces of text that several formats share.</summary>
internal static class RecordText
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int MaxScratch = 64 * 1024, MaxBytesOfChar = 3;
    private const int SecondsLength = 19; // of yyyy-MM-ddTHH:mm:ss

    // The last second's text: most records of a batch are of the same one.
    [ThreadStatic]
    private static byte[]? _second;

    [ThreadStatic]
    private static long _secondOf;

    [ThreadStatic]
    private static char[]? _chars;

    [ThreadStatic]
    private static byte[]? _bytes;

    /// <summary>The name of an envelope's type: <c>log</c>, <c>counter</c>, <c>gauge</c>, <c>timer</c>, <c>event</c>, <c>none</c>.</summary>
    public static ReadOnlySpan<byte> TypeName(EnvelopeType type) => type switch
    {
        EnvelopeType.Log => "log"u8,
        EnvelopeType.Counter => "counter"u8,
        EnvelopeType.Gauge => "gauge"u8,
        EnvelopeType.Timer => "timer"u8,
        EnvelopeType.Event => "event"u8,
        _ => "none"u8,
    };

    /// <summary>What a buffer holds from <paramref name="start"/> on goes through <paramref name="write"/>, from the first of the suspect bytes on.</summary>
    public static void RewriteFrom(MessageBuffer output, int start, SearchValues<byte> suspects, Action<MessageBuffer, ReadOnlySpan<byte>> write)
    {
        var first = output.Span[start..].IndexOfAny(suspects);
        if (first < 0)
        {
            return;
        }

        var rest = output.Span[(start + first)..];
        var copy = ArrayPool<byte>.Shared.Rent(rest.Length);
        rest.CopyTo(copy);
        var length = rest.Length;
        output.Truncate(start + first);
        write(output, copy.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(copy);
    }

    /// <summary>Writes UNIX nanoseconds as <c>2006-01-02T15:04:05.999999999Z</c>, always with nine digits.</summary>
    public static void Timestamp(MessageBuffer output, long nanoseconds)
    {
        WriteSeconds(output, nanoseconds, out var fraction);
        output.Write("."u8);
        Digits(output, fraction, 9);
        output.Write("Z"u8);
    }

    /// <summary>Writes UNIX nanoseconds as RFC 5424 wants them: microseconds without zeros at the end, none where they are zero, and the offset.</summary>
    public static void SyslogTimestamp(MessageBuffer output, long nanoseconds, ReadOnlySpan<byte> offset)
    {
        WriteSeconds(output, nanoseconds, out var fraction);
        var micros = fraction / 1000;
        if (micros != 0)
        {
            var digits = 6;
            for (; micros % 10 == 0; digits--)
            {
                micros /= 10;
            }

            output.Write("."u8);
            Digits(output, micros, digits);
        }

        output.Write(offset);
    }

    /// <summary>Writes a number.</summary>
    public static void Number(MessageBuffer output, long value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var length);
        output.Advance(length);
    }

    /// <summary>Writes a number.</summary>
    public static void Number(MessageBuffer output, ulong value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var length);
        output.Advance(length);
    }

    /// <summary>Writes a double as Go's shortest form does.</summary>
    public static void Number(MessageBuffer output, double value) => output.Advance(FloatText.WriteShort(output.GetSpan(FloatText.MaxLength), value));

    /// <summary>The text, with U+FFFD for what is no UTF-8. Valid until this thread asks again.</summary>
    public static ReadOnlySpan<byte> Valid(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return text;
        }

        if (text.Length > MaxScratch)
        {
            return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text)); // so rare that nothing is kept for it
        }

        var chars = _chars ??= new char[MaxScratch];
        Utf8.ToUtf16(text, chars, out _, out var length, replaceInvalidSequences: true);
        var bytes = _bytes ??= new byte[MaxScratch * MaxBytesOfChar];
        return bytes.AsSpan(0, Encoding.UTF8.GetBytes(chars.AsSpan(0, length), bytes));
    }

    /// <summary>A log's payload without the line feed at its end, if it has one.</summary>
    public static ReadOnlySpan<byte> WithoutLineEnd(ReadOnlySpan<byte> payload)
    {
        payload = payload.EndsWith("\n"u8) ? payload[..^1] : payload;
        return payload.EndsWith("\r"u8) ? payload[..^1] : payload;
    }

    private static void WriteSeconds(MessageBuffer output, long nanoseconds, out long fraction)
    {
        var seconds = Math.DivRem(nanoseconds, NanosecondsPerSecond, out fraction);
        if (fraction < 0)
        {
            seconds--;
            fraction += NanosecondsPerSecond;
        }

        var text = _second ??= new byte[SecondsLength];
        if (seconds != _secondOf || text[0] == 0)
        {
            DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond).TryFormat(text, out _, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
            _secondOf = seconds;
        }

        output.Write(text);
    }

    private static void Digits(MessageBuffer output, long value, int count)
    {
        var target = output.GetSpan(count);
        for (var i = count - 1; i >= 0; i--)
        {
            target[i] = (byte)('0' + (value % 10));
            value /= 10;
        }

        output.Advance(count);
    }
}

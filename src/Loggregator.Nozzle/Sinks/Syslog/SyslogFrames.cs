using System.Buffers.Text;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>Frames of RFC 6587 around rendered messages.</summary>
internal static class SyslogFrames
{
    /// <summary>Writes all messages, in place of what was there.</summary>
    public static void Write(MessageBuffer output, RenderedMessages messages, SyslogFraming framing)
    {
        output.Clear();
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i].Span;
            if (framing == SyslogFraming.Octet)
            {
                Utf8Formatter.TryFormat(message.Length, output.GetSpan(11), out var digits);
                output.Advance(digits);
                output.Write(" "u8);
                output.Write(message);
            }
            else
            {
                WriteLine(output, message);
            }
        }
    }

    // Line feeds inside as rsyslog writes control characters; the one at the end of the original's messages is the delimiter already.
    private static void WriteLine(MessageBuffer output, ReadOnlySpan<byte> message)
    {
        message = message.EndsWith("\n"u8) ? message[..^1] : message;
        while (message.IndexOf((byte)'\n') is >= 0 and var at)
        {
            output.Write(message[..at]);
            output.Write("#012"u8);
            message = message[(at + 1)..];
        }

        output.Write(message);
        output.Write("\n"u8);
    }
}

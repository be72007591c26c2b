using System.Buffers;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>Makes control characters of UTF-8 text visible: <c>\n</c>, <c>\r</c>, <c>\x1b</c>; tabs stay.</summary>
internal static class ControlText
{
    // C0 but for the tab, DEL, and the first byte of C1 in UTF-8.
    private static readonly SearchValues<byte> Suspects = SearchValues.Create([.. Enumerable.Range(0, 32).Where(c => c != '\t').Select(c => (byte)c), 0x7F, 0xC2]);

    /// <summary>Escapes what a buffer holds from <paramref name="start"/> on.</summary>
    public static void Escape(MessageBuffer output, int start) => RecordText.RewriteFrom(output, start, Suspects, Append);

    private static void Append(MessageBuffer output, ReadOnlySpan<byte> text)
    {
        while (text.IndexOfAny(Suspects) is >= 0 and var at)
        {
            output.Write(text[..at]);
            var c = text[at];
            var isC1 = c == 0xC2 && at + 1 < text.Length && text[at + 1] < 0xA0;
            if (c == 0xC2 && !isC1)
            {
                output.Write(text.Slice(at, 1));
            }
            else if (c is (byte)'\n' or (byte)'\r')
            {
                output.Write(c == '\n' ? "\\n"u8 : "\\r"u8);
            }
            else
            {
                Hex(output, isC1 ? text[at + 1] : c);
            }

            text = text[(at + (isC1 ? 2 : 1))..];
        }

        output.Write(text);
    }

    private static void Hex(MessageBuffer output, byte value)
    {
        var target = output.GetSpan(4);
        "\\x"u8.CopyTo(target);
        target[2] = "0123456789abcdef"u8[value >> 4];
        target[3] = "0123456789abcdef"u8[value & 15];
        output.Advance(4);
    }
}

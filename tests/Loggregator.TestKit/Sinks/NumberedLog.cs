using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.TestKit.Sinks;

/// <summary>Logs that name their source and number in the payload, so that a receiver's text in any format tells what arrived.</summary>
/// <param name="Source">The source id.</param>
/// <param name="Number">Counts from 1 in each source.</param>
public readonly partial record struct NumberedLog(string Source, int Number)
{
    /// <summary>The envelopes of some sources, one of each in turn.</summary>
    public static IEnumerable<byte[]> Envelopes(int sources, int each, int from = 1, int padding = 0)
    {
        for (var number = from; number < from + each; number++)
        {
            for (var source = 0; source < sources; source++)
            {
                yield return new NumberedLog("app-" + source, number).Envelope(padding);
            }
        }
    }

    /// <summary>The log's envelope.</summary>
    public byte[] Envelope(int padding = 0)
    {
        var writer = new ArrayBufferWriter<byte>();
        var payload = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"<{Source}#{Number}>{new string('.', padding)}"));
        EnvelopeWriter.Tag(writer, "source_type"u8, "APP"u8);
        EnvelopeWriter.Log(writer, 1_700_000_000_000_000_000 + (Number * 1000L), Encoding.UTF8.GetBytes(Source), "0"u8, payload);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>The logs that a text mentions, in its order.</summary>
    public static IReadOnlyList<NumberedLog> Find(string text) =>
        [.. Mark().Matches(text).Select(match => new NumberedLog(match.Groups[1].Value, int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)))];

    [GeneratedRegex("<(app-[0-9]+)#([0-9]+)>")]
    private static partial Regex Mark();
}

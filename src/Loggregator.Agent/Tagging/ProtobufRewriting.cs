using System.Globalization;
using System.Text;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.Agent.Tagging;

/// <summary>
/// The rare envelopes whose content must be understood and not only read over: those with deprecated tags, and counters that look like our
/// gap records. They are decoded by the generated classes, so repetition means here exactly what it means to every protobuf reader.
/// </summary>
internal static class ProtobufRewriting
{
    /// <summary>
    /// Appends each deprecated tag of an envelope as a tag, which wins over one of the same name; the deprecated ones stay. Returns the text of the
    /// deprecated tag <c>origin</c>, null without one.
    /// </summary>
    public static string? AppendDeprecatedTags(ReadOnlySpan<byte> envelope, MessageBuffer suffix)
    {
        string? origin = null;
        // Decoded before anything is written: the envelope may lie in the same buffer.
        foreach (var (key, value) in Envelope.Parser.ParseFrom(envelope).DeprecatedTags)
        {
            var text = Text(value);
            EnvelopeWriter.Tag(suffix, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text));
            if (key == "origin")
            {
                origin = text;
            }
        }

        return origin;
    }

    /// <summary>Appends a producer's own counter <c>dropped</c>, its tags <c>hop</c> and <c>reason</c> renamed, so that it cannot pretend to be one of our gap records.</summary>
    public static void AppendRenamed(ReadOnlySpan<byte> envelope, MessageBuffer target)
    {
        var decoded = Envelope.Parser.ParseFrom(envelope);
        Rename(decoded, "hop");
        Rename(decoded, "reason");
        decoded.WriteTo(target);
    }

    /// <summary>Go's <c>FormatFloat(value, 'f', -1, 64)</c>: the fewest digits that read back as the same number, never an exponent.</summary>
    internal static string Decimal(double value)
    {
        if (double.IsNaN(value))
        {
            return "NaN";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "+Inf" : "-Inf";
        }

        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        if (exponentAt < 0)
        {
            return text;
        }

        var exponent = int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = text[0] == '-' ? "-" : "";
        var digits = text[sign.Length..exponentAt];
        var fraction = digits.IndexOf('.', StringComparison.Ordinal) is var point and >= 0 ? digits.Length - point - 1 : 0;
        var plain = digits.Replace(".", "", StringComparison.Ordinal);
        return exponent < 0
            ? $"{sign}0.{new string('0', -exponent - 1)}{plain}"
            : sign + plain + new string('0', Math.Max(0, exponent - fraction));
    }

    private static string Text(Value value) => value.DataCase switch
    {
        Value.DataOneofCase.Text => value.Text,
        Value.DataOneofCase.Integer => value.Integer.ToString(CultureInfo.InvariantCulture),
        Value.DataOneofCase.Decimal => Decimal(value.Decimal),
        _ => "",
    };

    private static void Rename(Envelope envelope, string key)
    {
        var renamed = "producer_" + key;
        if (envelope.Tags.TryGetValue(key, out var text))
        {
            envelope.Tags.Remove(key);
            envelope.Tags[renamed] = text;
        }

        if (envelope.DeprecatedTags.TryGetValue(key, out var value))
        {
            envelope.DeprecatedTags.Remove(key);
            envelope.DeprecatedTags[renamed] = value;
        }
    }
}

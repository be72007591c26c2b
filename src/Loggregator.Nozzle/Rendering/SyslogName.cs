using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>The header fields of a syslog message, as the original makes them of an envelope.</summary>
internal static class SyslogName
{
    private const int MaxProcess = 128, MaxHost = 255, MaxHostPart = 63;

    /// <summary>Writes a field: <c>-</c> for an empty one, never more than <paramref name="max"/> bytes.</summary>
    public static void Field(MessageBuffer output, ReadOnlySpan<byte> text, int max) =>
        output.Write(text.IsEmpty ? "-"u8 : text[..Math.Min(text.Length, max)]);

    /// <summary>Writes <c>organization.space.app</c>, made of the tags of these names; false, and nothing, when there is none of them.</summary>
    public static bool Host(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if ((header.Flags & EnvelopeFlags.Tags) == 0)
        {
            return false;
        }

        var any = EnvelopeReader.TryGetTag(envelope, "organization_name"u8, out var organization);
        any |= EnvelopeReader.TryGetTag(envelope, "space_name"u8, out var space);
        any |= EnvelopeReader.TryGetTag(envelope, "app_name"u8, out var app);
        if (!any)
        {
            return false;
        }

        var start = output.Length;
        HostPart(output, organization);
        output.Write("."u8);
        HostPart(output, space);
        output.Write("."u8);
        HostPart(output, app);
        output.Truncate(Math.Min(output.Length, start + MaxHost));
        return true;
    }

    /// <summary>Writes <c>[TYPE/instance]</c> for a log, <c>[instance]</c> for the rest, cut to 128 bytes.</summary>
    public static void Process(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        var start = output.Length;
        var instance = header.InstanceId.Of(envelope);
        output.Write("["u8);
        if (header.Type == EnvelopeType.Log)
        {
            EnvelopeReader.TryGetTag(envelope, "source_type"u8, out var type);
            Clean(output, type, isHost: false);
            if (!instance.IsEmpty)
            {
                output.Truncate(Math.Min(output.Length, start + MaxProcess - 2)); // the original falls over when the type leaves no room
                output.Write("/"u8);
                instance = instance[..Math.Min(instance.Length, start + MaxProcess - 1 - output.Length)];
            }
        }

        output.Write(instance);
        output.Write("]"u8);
        output.Truncate(Math.Min(output.Length, start + MaxProcess));
    }

    private static void HostPart(MessageBuffer output, ReadOnlySpan<byte> text)
    {
        var start = output.Length;
        Clean(output, text, isHost: true);
        output.Truncate(Math.Min(output.Length, start + MaxHostPart));
    }

    // Runs of white space become dashes, other characters than these may be go, then dashes at the end.
    private static void Clean(MessageBuffer output, ReadOnlySpan<byte> text, bool isHost)
    {
        var target = output.GetSpan(text.Length);
        var length = 0;
        var inSpace = false;
        foreach (var c in text)
        {
            var isSpace = c is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\f' or (byte)'\r';
            if (isSpace && !inSpace)
            {
                target[length++] = (byte)'-';
            }
            else if (!isSpace && (isHost ? c == '-' || char.IsAsciiLetterOrDigit((char)c) : c is >= 33 and <= 126))
            {
                target[length++] = isHost || !char.IsAsciiLetterLower((char)c) ? c : (byte)(c - 32);
            }

            inSpace = isSpace;
        }

        while (length > 0 && target[length - 1] == '-')
        {
            length--;
        }

        output.Advance(length);
    }
}

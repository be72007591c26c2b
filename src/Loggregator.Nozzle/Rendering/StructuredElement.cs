using System.Buffers;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>Elements of RFC 5424's STRUCTURED-DATA.</summary>
internal static class StructuredElement
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create("\"\\]"u8);
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create([.. Enumerable.Range(33, 94).Select(c => (byte)c).Except("=]\""u8.ToArray())]);

    /// <summary>Begins an element: <c>[id</c>.</summary>
    public static void Begin(MessageBuffer output, ReadOnlySpan<byte> id)
    {
        output.Write("["u8);
        output.Write(id);
    }

    /// <summary>Ends an element.</summary>
    public static void End(MessageBuffer output) => output.Write("]"u8);

    /// <summary>Writes a parameter; the name must be good.</summary>
    public static void Parameter(MessageBuffer output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!value.ContainsAny(Escaped))
        {
            var target = output.GetSpan(name.Length + value.Length + 4);
            target[0] = (byte)' ';
            name.CopyTo(target[1..]);
            target = target[(name.Length + 1)..];
            target[0] = (byte)'=';
            target[1] = (byte)'"';
            value.CopyTo(target[2..]);
            target[value.Length + 2] = (byte)'"';
            output.Advance(name.Length + value.Length + 4);
            return;
        }

        BeginParameter(output, name);
        while (value.IndexOfAny(Escaped) is >= 0 and var at)
        {
            output.Write(value[..at]);
            output.Write("\\"u8);
            output.Write(value.Slice(at, 1));
            value = value[(at + 1)..];
        }

        output.Write(value);
        output.Write("\""u8);
    }

    /// <summary>Writes a parameter.</summary>
    public static void Parameter(MessageBuffer output, ReadOnlySpan<byte> name, long value)
    {
        BeginParameter(output, name);
        RecordText.Number(output, value);
        output.Write("\""u8);
    }

    /// <summary>Writes a parameter.</summary>
    public static void Parameter(MessageBuffer output, ReadOnlySpan<byte> name, ulong value)
    {
        BeginParameter(output, name);
        RecordText.Number(output, value);
        output.Write("\""u8);
    }

    /// <summary>Writes a parameter.</summary>
    public static void Parameter(MessageBuffer output, ReadOnlySpan<byte> name, double value)
    {
        BeginParameter(output, name);
        RecordText.Number(output, value);
        output.Write("\""u8);
    }

    /// <summary>Writes the element of the envelope's tags, sorted by key; nothing where there are none.</summary>
    /// <returns>False when a key is no parameter name.</returns>
    public static bool Tags(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if ((header.Flags & EnvelopeFlags.Tags) == 0)
        {
            return true;
        }

        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var tags = new MapEntries(envelope, scratch);
        try
        {
            tags.Collect(Fields.Tags);
            tags.SortDistinct();
            Begin(output, "tags@47450"u8);
            foreach (var tag in tags.Entries)
            {
                var key = tag.Key.Of(envelope);
                if (key.ContainsAnyExcept(NameBytes))
                {
                    return false;
                }

                Parameter(output, key, tag.Value.Of(envelope));
            }

            End(output);
            return true;
        }
        finally
        {
            tags.Dispose();
        }
    }

    private static void BeginParameter(MessageBuffer output, ReadOnlySpan<byte> name)
    {
        output.Write(" "u8);
        output.Write(name);
        output.Write("=\""u8);
    }
}

using System.Buffers;
using System.IO.Hashing;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// What tells the senders of an envelope's metrics apart: source id, instance id and tags. Its canonical form is an envelope that has these fields
/// alone, tags sorted by key and each key once; a deprecated tag counts as a tag where there is none of its name.
/// </summary>
public static class EnvelopeIdentity
{
    /// <summary>
    /// A hash that does not depend on the order of the tags, which senders shuffle. Equal to that of the canonical form if no key comes twice and
    /// there are no deprecated tags; else it is another, and only the canonical form's tells.
    /// </summary>
    public static UInt128 Hash(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, long seed)
    {
        var hash = XxHash128.HashToUInt128(header.SourceId.Of(envelope), seed) + XxHash128.HashToUInt128(header.InstanceId.Of(envelope), seed + 1);
        if ((header.Flags & EnvelopeFlags.Tags) != 0)
        {
            var fields = new FieldReader(envelope);
            while (fields.MoveNext())
            {
                if (fields.Tag == Fields.Tags)
                {
                    hash += XxHash128.HashToUInt128(fields.Bytes, seed + 2);
                }
            }
        }

        return hash;
    }

    /// <summary>Writes the canonical form.</summary>
    public static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if ((header.Flags & EnvelopeFlags.DeprecatedTags) == 0)
        {
            Begin(writer, header.SourceId.Of(envelope), header.InstanceId.Of(envelope));
            WriteTags(writer, envelope);
            return;
        }

        using var both = MessageBuffer.Rent(envelope.Length + 256);
        Begin(both, header.SourceId.Of(envelope), header.InstanceId.Of(envelope));
        WriteConverged(both, envelope);
        RawEnvelope.TryReadHeader(both.Span, out var converged);
        Write(writer, both.Span, converged);
    }

    /// <summary>Begins a canonical form; the caller writes the tags with <see cref="EnvelopeWriter.Tag"/> in the order of their keys.</summary>
    public static void Begin(IBufferWriter<byte> writer, ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var length = WireWriter.FieldLength(Fields.SourceId, sourceId.Length) + WireWriter.TextLength(Fields.InstanceId, instanceId);
        var wire = new WireWriter(writer.GetSpan(length));
        wire.Bytes(Fields.SourceId, sourceId);
        wire.Text(Fields.InstanceId, instanceId);
        wire.CommitTo(writer);
    }

    // Deprecated ones in front: of equal keys the last wins.
    private static void WriteConverged(MessageBuffer both, ReadOnlySpan<byte> envelope)
    {
        Selectors.TagConvergence.AppendDeprecatedAsTags(both, envelope);
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag == Fields.Tags)
            {
                both.Write(fields.Field);
            }
        }
    }

    private static void WriteTags(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var entries = new MapEntries(envelope, scratch);
        try
        {
            entries.Collect(Fields.Tags);
            entries.SortDistinct();
            foreach (var entry in entries.Entries)
            {
                EnvelopeWriter.Tag(writer, entry.Key.Of(envelope), entry.Value.Of(envelope));
            }
        }
        finally
        {
            entries.Dispose();
        }
    }
}

using System.Runtime.CompilerServices;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Protocol.V1;

/// <summary>
/// Writes v1 envelopes that have all but the payload from one v2 envelope, each as a record: <see cref="TryBegin"/>, the payload's content,
/// <see cref="End"/>. Fields are in the order of their numbers.
/// </summary>
[SkipLocalsInit] // rooms for numbers as text, of which few are ever used
internal readonly ref struct DropsondeComposer
{
    private readonly ReadOnlySpan<byte> _sourceId;
    private readonly ReadOnlySpan<byte> _instanceId;
    private readonly V2Tags _tags;
    private readonly uint _without;
    private readonly long _timestamp;
    private readonly int _tailLength; // what stands behind the payload
    private readonly int _originLength;

    /// <summary>Measures everything but the payload.</summary>
    /// <param name="envelope">The v2 envelope.</param>
    /// <param name="header">Its header.</param>
    /// <param name="tags">Its tags.</param>
    /// <param name="without">Tags that the payload has as fields.</param>
    /// <param name="withInstance">Whether a tag <c>instance_id</c> tells the instance.</param>
    public DropsondeComposer(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header, scoped in V2Tags tags, uint without, bool withInstance)
    {
        _sourceId = header.SourceId.Of(envelope);
        _instanceId = withInstance ? header.InstanceId.Of(envelope) : default;
        _tags = tags;
        _without = KnownTags.OfEnvelope | without;
        _timestamp = header.Timestamp;
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        _originLength = tags.Text(KnownTag.Origin, scratch).Length;
        _tailLength = WireWriter.FieldLength(DropsondeFields.Deployment, tags.Text(KnownTag.Deployment, scratch).Length)
            + WireWriter.FieldLength(DropsondeFields.Job, tags.Text(KnownTag.Job, scratch).Length)
            + WireWriter.FieldLength(DropsondeFields.Index, tags.Text(KnownTag.Index, scratch).Length)
            + WireWriter.FieldLength(DropsondeFields.Ip, tags.Text(KnownTag.Ip, scratch).Length)
            + tags.Length(_without)
            + (_instanceId.IsEmpty ? 0 : V2Tags.EntryLength("instance_id"u8, _instanceId))
            + (_sourceId.IsEmpty ? 0 : V2Tags.EntryLength("source_id"u8, _sourceId));
    }

    /// <summary>Begins an envelope whose payload has so many bytes of content. False when the record would not fit.</summary>
    public bool TryBegin(MessageBuffer records, int room, DropsondeType type, int content, out WireWriter wire)
    {
        var payload = DropsondeFields.PayloadOf(type);
        var length = (long)WireWriter.FieldLength(DropsondeFields.Origin, _originLength)
            + 2
            + 1 + WireWriter.VarintLength((ulong)_timestamp)
            + WireWriter.FieldLength(payload, content)
            + _tailLength;
        if (length > room - Records.MaxHeaderLength)
        {
            wire = default;
            return false;
        }

        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        wire = new WireWriter(records.GetSpan(Records.MaxHeaderLength + (int)length));
        wire.Header(Records.Tag, (int)length);
        wire.Bytes(DropsondeFields.Origin, _tags.Text(KnownTag.Origin, scratch));
        wire.Varint(DropsondeFields.EventType);
        wire.Varint((uint)type);
        wire.Varint(DropsondeFields.Timestamp);
        wire.Varint((ulong)_timestamp);
        wire.Header(payload, content);
        return true;
    }

    /// <summary>Ends the envelope.</summary>
    public void End(MessageBuffer records, ref WireWriter wire)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        wire.Bytes(DropsondeFields.Deployment, _tags.Text(KnownTag.Deployment, scratch));
        wire.Bytes(DropsondeFields.Job, _tags.Text(KnownTag.Job, scratch));
        wire.Bytes(DropsondeFields.Index, _tags.Text(KnownTag.Index, scratch));
        wire.Bytes(DropsondeFields.Ip, _tags.Text(KnownTag.Ip, scratch));
        _tags.Write(ref wire, _without);
        if (!_instanceId.IsEmpty)
        {
            V2Tags.WriteEntry(ref wire, "instance_id"u8, _instanceId);
        }

        if (!_sourceId.IsEmpty)
        {
            V2Tags.WriteEntry(ref wire, "source_id"u8, _sourceId);
        }

        wire.CommitTo(records);
    }
}

using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>The envelopes of one message that are to be appended, parsed outside of the log's lock. One per ingress stream, used again and again.</summary>
/// <param name="log">Where they go: it hashes the source ids.</param>
public sealed class AppendBatch(EnvelopeLog log)
{
    private AppendRow[] _rows = new AppendRow[128];

    /// <summary>Records in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Of these, those that the log is to number.</summary>
    public int Unnumbered { get; private set; }

    internal ReadOnlySpan<AppendRow> Rows => _rows.AsSpan(0, Count);

    /// <summary>
    /// Adds the record at <paramref name="recordOffset"/> of the message, whose envelope is its last part and has its stamp. The dropsonde
    /// envelope that it came as, if it did, follows it at once.
    /// </summary>
    public void AddRecord(ReadOnlySpan<byte> message, int recordOffset, int recordLength, int envelopeLength, in EnvelopeHeader header, int originalLength = 0)
    {
        ref var row = ref Add(message, recordOffset + recordLength - envelopeLength, header);
        row.Offset = recordOffset;
        row.Length = recordLength + originalLength; // copied as one
        row.OriginalLength = 0;
        row.Kind += originalLength > 0 ? RowKind.Original : default;
        row.Form = AppendForm.Record;
    }

    /// <summary>
    /// Adds the bare envelope at <paramref name="offset"/> of the message. If it has no stamp yet, the log writes its next one behind it. The
    /// dropsonde envelope that it came as, if it did, follows it at once.
    /// </summary>
    public void AddEnvelope(ReadOnlySpan<byte> message, int offset, int length, in EnvelopeHeader header, int originalLength = 0)
    {
        ref var row = ref Add(message, offset, header);
        row.Offset = offset;
        row.Length = length;
        row.OriginalLength = originalLength;
        row.Kind += originalLength > 0 ? RowKind.Original : default;
        row.Form = AppendForm.Numbered;
        if ((header.Flags & EnvelopeFlags.Stamped) == 0)
        {
            row.Form = AppendForm.Unnumbered;
            row.Stream = log.StreamOf(row.SourceHash, header.InstanceId.Of(message[offset..]), header.Type);
            Unnumbered++;
        }
    }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Count = 0;
        Unnumbered = 0;
    }

    private ref AppendRow Add(ReadOnlySpan<byte> message, int envelopeOffset, in EnvelopeHeader header)
    {
        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, _rows.Length * 2);
        }

        ref var row = ref _rows[Count++];
        row.SourceOffset = header.SourceId.Length == 0 ? envelopeOffset : envelopeOffset + header.SourceId.Offset;
        row.SourceLength = header.SourceId.Length;
        row.SourceHash = log.HashOf(message.Slice(row.SourceOffset, row.SourceLength));
        row.Timestamp = header.Timestamp;
        row.Kind = RowKind.Of(header);
        return ref row;
    }
}

using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>The records of one message that are to be appended, parsed outside of the log's lock. One per ingress stream, used again and again.</summary>
/// <param name="log">Where they go: it hashes the source ids.</param>
public sealed class AppendBatch(EnvelopeLog log)
{
    private AppendRow[] _rows = new AppendRow[128];

    /// <summary>Records in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the records in the batch.</summary>
    public long Bytes { get; private set; }

    internal ReadOnlySpan<AppendRow> Rows => _rows.AsSpan(0, Count);

    /// <summary>
    /// Adds the record at <paramref name="recordOffset"/> of the message, whose envelope is its last part. The dropsonde envelope that it
    /// came as, if it did, follows it at once.
    /// </summary>
    public void Add(
        ReadOnlySpan<byte> message, int recordOffset, int recordLength, int envelopeLength, in EnvelopeHeader header, int originalLength = 0)
    {
        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, _rows.Length * 2);
        }

        var source = recordOffset + recordLength - envelopeLength + header.SourceId.Offset;
        ref var row = ref _rows[Count++];
        row.Offset = recordOffset;
        row.Length = recordLength + originalLength;
        row.SourceOffset = header.SourceId.Length == 0 ? recordOffset : source;
        row.SourceLength = header.SourceId.Length;
        row.SourceHash = log.HashOf(message.Slice(row.SourceOffset, row.SourceLength));
        row.Timestamp = header.Timestamp;
        row.Kind = (byte)(RowKind.Of(header) + (originalLength > 0 ? RowKind.Original : 0));
        Bytes += row.Length;
    }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Count = 0;
        Bytes = 0;
    }
}

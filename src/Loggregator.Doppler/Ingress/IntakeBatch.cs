using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Doppler.Ingress;

/// <summary>The envelopes of one message on their way into the log, and their samples on the way into the series. One per ingress stream.</summary>
internal sealed class IntakeBatch(EnvelopeLog log, SeriesStore series)
{
    private readonly AppendBatch _rows = new(log);
    private readonly SeriesBatch _samples = new(series);

    /// <inheritdoc cref="AppendBatch.AddRecord"/>
    public void AddRecord(ReadOnlySpan<byte> message, int recordOffset, int recordLength, int envelopeLength, in EnvelopeHeader header)
    {
        _rows.AddRecord(message, recordOffset, recordLength, envelopeLength, header);
        _samples.Add(message, recordOffset + recordLength - envelopeLength, envelopeLength, header);
    }

    /// <inheritdoc cref="AppendBatch.AddEnvelope"/>
    public void AddEnvelope(ReadOnlySpan<byte> message, int offset, int length, in EnvelopeHeader header, int originalLength)
    {
        _rows.AddEnvelope(message, offset, length, header, originalLength);
        _samples.Add(message, offset, length, header);
    }

    /// <summary>Steps 6 and 7 of the spine; then the batch is empty.</summary>
    /// <returns>How many envelopes the log numbered.</returns>
    public int Append(ReadOnlySpan<byte> message)
    {
        var unnumbered = _rows.Unnumbered;
        log.Append(message, _rows);
        _rows.Clear();
        _samples.AppendTo(message);
        return unnumbered;
    }
}

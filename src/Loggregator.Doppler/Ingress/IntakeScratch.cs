using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Doppler.Ingress;

/// <summary>Room for the envelopes of one message while they are read and numbered; one per ingress stream, used again and again.</summary>
internal sealed class IntakeScratch(EnvelopeLog log) : IDisposable
{
    private ReadEnvelope[] _read = new ReadEnvelope[16];
    private MessageBuffer? _records;
    private int _bytes;

    public int Count { get; private set; }

    public ReadOnlySpan<ReadEnvelope> Envelopes => _read.AsSpan(0, Count);

    /// <summary>The numbered records.</summary>
    public ReadOnlySpan<byte> Records => _records is null ? [] : _records.Span;

    public AppendBatch Rows { get; } = new(log);

    public int Stamped { get; private set; }

    /// <summary>Adds an envelope of the message, and the dropsonde envelope that it came as if that follows it.</summary>
    public void Add(in EnvelopeHeader header, int offset, int length, int originalLength) =>
        Add(new ReadEnvelope(header, offset, length, null, new ByteRange(offset + length, originalLength)));

    public void Add(in EnvelopeHeader header, byte[] renamed, int originalOffset, int originalLength) =>
        Add(new ReadEnvelope(header, 0, renamed.Length, renamed, new ByteRange(originalOffset, originalLength)));

    /// <summary>
    /// Writes one envelope with its number behind it, and then the dropsonde envelope that it came as. One that an earlier tier of ours has
    /// numbered keeps its own.
    /// </summary>
    public void Write(ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> original, in EnvelopeHeader header, StampTable stamps)
    {
        _records ??= MessageBuffer.Rent(_bytes + (Count * (Protocol.Envelopes.Records.MaxHeaderLength + Stamp.MaxLength)));
        Span<byte> stamp = stackalloc byte[Stamp.MaxLength];
        var stampLength = 0;
        if ((header.Flags & EnvelopeFlags.Stamped) == 0)
        {
            var (epoch, sequence) = stamps.Next(header.SourceId.Of(envelope), header.InstanceId.Of(envelope), header.Type);
            stampLength = Stamp.Write(stamp, epoch, sequence);
            Stamped++;
        }

        var offset = _records.Length;
        var length = envelope.Length + stampLength;
        var target = _records.GetSpan(Protocol.Envelopes.Records.MaxHeaderLength + length);
        var at = Protocol.Envelopes.Records.WriteHeader(target, length);
        envelope.CopyTo(target[at..]);
        stamp[..stampLength].CopyTo(target[(at + envelope.Length)..]);
        _records.Advance(at + length);
        _records.Write(original);
        Rows.Add(_records.Span, offset, at + length, length, header, original.Length);
    }

    public void Clear()
    {
        Array.Clear(_read, 0, Count);
        Count = 0;
        _bytes = 0;
        Stamped = 0;
        Rows.Clear();
        _records?.Dispose();
        _records = null;
    }

    public void Dispose() => Clear();

    private void Add(in ReadEnvelope read)
    {
        if (Count == _read.Length)
        {
            Array.Resize(ref _read, _read.Length * 2);
        }

        _read[Count++] = read;
        _bytes += read.Length + read.Original.Length;
    }

    /// <summary>An envelope that passed: where it is in the message, or its bytes when its tags had to be renamed.</summary>
    internal readonly record struct ReadEnvelope(EnvelopeHeader Header, int Offset, int Length, byte[]? Renamed, ByteRange Original);
}

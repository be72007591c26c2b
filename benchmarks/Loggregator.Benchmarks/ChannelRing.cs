using System.Threading.Channels;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Benchmarks;

/// <summary>
/// The agent's buffer as one would build it of a channel: bounded in envelopes, the oldest of all goes first. Each item is a slice of the
/// message that it came in, which stays as long as one of its envelopes does.
/// </summary>
public sealed class ChannelRing
{
    private readonly Channel<Item> _channel;

    public ChannelRing(int envelopes, Action<ReadOnlySpan<byte>>? dropped = null) => _channel = Channel.CreateBounded<Item>(
        new BoundedChannelOptions(envelopes) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
        item =>
        {
            dropped?.Invoke(item.Bytes);
            item.Message.Dispose();
        });

    /// <summary>Offers every envelope of a message.</summary>
    public void Offer(MessageBuffer message)
    {
        var records = new RecordReader(message.Span);
        while (records.MoveNext())
        {
            if (!RawEnvelope.TryRead(records.Current, out _))
            {
                throw new InvalidOperationException("A bad envelope.");
            }

            Offer(message, records.RecordOffset, records.RecordLength);
        }
    }

    /// <summary>Offers one record of a message.</summary>
    public void Offer(MessageBuffer message, int offset, int length) => _channel.Writer.TryWrite(new Item(message.Retain(), offset, length));

    /// <summary>Moves up to so many records behind what the destination has; returns how many.</summary>
    public int Take(MessageBuffer destination, int most)
    {
        var taken = 0;
        while (taken < most && _channel.Reader.TryRead(out var item))
        {
            destination.Write(item.Bytes);
            item.Message.Dispose();
            taken++;
        }

        return taken;
    }

    private readonly record struct Item(MessageBuffer Message, int Offset, int Length)
    {
        public ReadOnlySpan<byte> Bytes => Message.Span.Slice(Offset, Length);
    }
}

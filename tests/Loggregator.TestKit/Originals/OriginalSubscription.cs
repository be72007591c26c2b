using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.TestKit.Originals;

/// <summary>
/// One subscriber's ring at an original Doppler: writers never wait, and a reader that is lapped loses whole laps. Any number of writers, one reader.
/// </summary>
/// <param name="appId">Its application; empty: all.</param>
/// <param name="kind"><c>log</c>, <c>metric</c>, or empty for both.</param>
/// <param name="shardId">Its shard id.</param>
public sealed class OriginalSubscription(string appId, string kind, string shardId)
{
    private const int Slots = 1000, BatchEnvelopes = 100;
    private static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(100), Poll = TimeSpan.FromMilliseconds(10);
    private readonly Lock _sync = new();
    private readonly byte[]?[] _ring = new byte[Slots][];
    private long _written, _read, _dropped;

    public string AppId => appId;

    public string Kind => kind;

    public string ShardId => shardId;

    /// <summary>Envelopes lost by laps.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Adds an envelope.</summary>
    public void Write(byte[] envelope)
    {
        lock (_sync)
        {
            _ring[_written++ % Slots] = envelope;
        }
    }

    /// <summary>Sends batches: of 100, or what there is when the last was 100 ms ago, looked at every 10 ms. Ends only when cancelled or failing.</summary>
    public async Task SendAsync(Func<MessageBuffer, Task> send, CancellationToken cancel)
    {
        var time = TimeProvider.System;
        var last = 0L;
        var batch = new List<byte[]>();
        while (!cancel.IsCancellationRequested)
        {
            var next = Read();
            if (next is not null)
            {
                batch.Add(next);
            }
            else
            {
                await Task.Delay(Poll, time, cancel);
            }

            if (batch.Count >= BatchEnvelopes || (batch.Count > 0 && time.GetElapsedTime(last) >= BatchInterval))
            {
                using var message = MessageBuffer.Rent(1024);
                batch.ForEach(envelope => Records.Append(message, envelope));
                await send(message);
                batch.Clear();
                last = time.GetTimestamp();
            }
        }
    }

    private byte[]? Read()
    {
        lock (_sync)
        {
            while (_written - _read > Slots)
            {
                _read += Slots;
                _dropped += Slots;
            }

            return _read < _written ? _ring[_read++ % Slots] : null;
        }
    }
}

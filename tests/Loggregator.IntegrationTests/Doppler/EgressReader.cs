using Grpc.Core;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>An open BatchedReceiver call.</summary>
internal sealed class EgressReader(AsyncServerStreamingCall<EnvelopeBatch> call) : IDisposable
{
    private readonly Queue<Envelope> _ahead = new();
    private Task<bool>? _pending;

    public List<Envelope> Received { get; } = [];

    public IEnumerable<string> Logs => Received.Select(envelope => envelope.Log.Payload.ToStringUtf8());

    /// <summary>Reads until so many envelopes have come in all.</summary>
    public async Task<EgressReader> UntilAsync(int count)
    {
        while (Received.Count < count)
        {
            if (_ahead.Count == 0)
            {
                Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience), $"the stream ended after {Received.Count} of {count}");
                foreach (var envelope in call.ResponseStream.Current.Batch)
                {
                    _ahead.Enqueue(envelope);
                }
            }

            Received.Add(_ahead.Dequeue());
        }

        return this;
    }

    /// <summary>Reads until this log comes; what came before it is in <see cref="Received"/>.</summary>
    public async Task<EgressReader> UntilAsync(string log)
    {
        while (Received.Count == 0 || Received[^1].Log?.Payload.ToStringUtf8() != log)
        {
            await UntilAsync(Received.Count + 1);
        }

        Received.RemoveAt(Received.Count - 1);
        return this;
    }

    /// <summary>Reads one envelope; false when none comes within the time.</summary>
    public async Task<bool> TryNextAsync(TimeSpan patience)
    {
        if (_ahead.Count == 0)
        {
            _pending ??= call.ResponseStream.MoveNext(DopplerHost.Patience);
            try
            {
                await _pending.WaitAsync(patience, TimeProvider.System, DopplerHost.Patience);
            }
            catch (TimeoutException)
            {
                return false;
            }

            _pending = null;
            foreach (var envelope in call.ResponseStream.Current.Batch)
            {
                _ahead.Enqueue(envelope);
            }
        }

        Received.Add(_ahead.Dequeue());
        return true;
    }

    public void Dispose() => call.Dispose();
}

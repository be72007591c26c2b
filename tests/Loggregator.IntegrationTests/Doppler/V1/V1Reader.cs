using Grpc.Core;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Plumbing;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>An open <c>plumbing.Doppler/BatchSubscribe</c> call, as an original Traffic Controller makes it.</summary>
internal sealed class V1Reader : IDisposable
{
    private readonly AsyncServerStreamingCall<BatchResponse> _call;

    private V1Reader(AsyncServerStreamingCall<BatchResponse> call) => _call = call;

    /// <summary>The payloads, as they came.</summary>
    public List<byte[]> Payloads { get; } = [];

    public IEnumerable<Envelope> Envelopes => Payloads.Select(Envelope.Parser.ParseFrom);

    /// <summary>What a test tells envelopes apart by: a log's text, a metric's name, or the type.</summary>
    public IEnumerable<string> Names => Envelopes.Select(NameOf);

    public static async Task<V1Reader> OpenAsync(DopplerHost doppler, Filter? filter = null, string shardId = "")
    {
        var request = new SubscriptionRequest { ShardID = shardId, Filter = filter };
        var call = new Loggregator.Protocol.Plumbing.Doppler.DopplerClient(doppler.Channel()).BatchSubscribe(request, cancellationToken: DopplerHost.Patience);
        await call.ResponseHeadersAsync;
        return new V1Reader(call);
    }

    public static string NameOf(Envelope envelope) => envelope.EventType switch
    {
        Envelope.Types.EventType.LogMessage => envelope.LogMessage.Message.ToStringUtf8(),
        Envelope.Types.EventType.CounterEvent => envelope.CounterEvent.Name,
        Envelope.Types.EventType.ValueMetric => envelope.ValueMetric.Name,
        Envelope.Types.EventType.Error => envelope.Error.Message,
        var type => type.ToString(),
    };

    /// <summary>Reads until so many envelopes have come in all.</summary>
    public async Task<V1Reader> UntilAsync(int count)
    {
        while (Payloads.Count < count)
        {
            await NextAsync();
        }

        return this;
    }

    /// <summary>Reads until this comes, which is left out of what was read.</summary>
    public async Task<V1Reader> UntilAsync(string name)
    {
        while (Payloads.Count == 0 || Names.Last() != name)
        {
            await NextAsync();
        }

        Payloads.RemoveAt(Payloads.Count - 1);
        return this;
    }

    public async Task NextAsync()
    {
        Assert.True(await _call.ResponseStream.MoveNext(DopplerHost.Patience), $"the stream ended after {Payloads.Count}");
        Payloads.AddRange(_call.ResponseStream.Current.Payload.Select(payload => payload.ToByteArray()));
    }

    public void Dispose() => _call.Dispose();
}

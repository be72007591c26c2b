using System.Globalization;
using Loggregator.Client;

namespace Loggregator.IntegrationTests.PromQl;

/// <summary>
/// A program of five instances: every few seconds each tells the requests that it served, how many orders came of them, how long its queue is, and which release it
/// is. All is a function of instance and time, and grows, so that a sum tells whether everything has arrived.
/// </summary>
internal sealed class Shop(Emitter emitter, DateTimeOffset start)
{
    public const int Instances = 5;
    public const int Steps = 12;

    /// <summary>Less than the time after which a Doppler takes samples of requests that nobody reads: so all samples are those that a scrape has seen.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(4);

    private const int Requests = 20; // of an instance and step, of which every seventh fails

    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;
    private readonly ulong[] _orders = new ulong[Instances]; // totals of their own: an agent's are of all instances on its host
    private long _served;

    /// <summary>What to ask to see whether all that was emitted up to now is there: 1 when it is.</summary>
    public string Arrived { get; private set; } = "";

    /// <summary>When all of a step has happened, milliseconds.</summary>
    public long After(int step) => (long)(start + (step * Apart) - Epoch).TotalMilliseconds + 1000;

    /// <summary>Emits what happens in a step.</summary>
    public async Task EmitAsync(int step, CancellationToken cancel)
    {
        double queued = 0;
        for (var instance = 0; instance < Instances; instance++)
        {
            var details = Details(instance, start + (step * Apart));
            for (var request = 0; request < Requests; request++)
            {
                var stop = start + (step * Apart) + TimeSpan.FromMilliseconds(request + 1); // each a time of its own, as a scrape may come in between
                var took = TimeSpan.FromMilliseconds(3 * (instance + 1) * (request + 1));
                emitter.Timer("http", stop - took, stop, Details(instance, stop) with { Tags = Tags(("method", "GET"), ("status_code", request % 7 == 6 ? "503" : "200")) });
            }

            _orders[instance] += (ulong)((step * (instance + 1) % 5) + instance + 1);
            emitter.CounterTotal("orders", _orders[instance], details);
            emitter.Gauge("queue_depth", (1.5 * step * (instance + 1)) + instance, "jobs", details);
            emitter.Gauge("release", 1, "", details with { Tags = Tags(("version", instance < 2 ? "1.0" : "1.1")) });
            queued += (1.5 * step * (instance + 1)) + instance;
        }

        _served += Instances * Requests;
        Arrived = string.Create(
            CultureInfo.InvariantCulture, $"(sum(orders) == bool {_orders.Sum(orders => (double)orders)}) * (sum(http_requests_total) == bool {_served}) * (sum(queue_depth) == bool {queued}) * (count(release) == bool {Instances})");
        await emitter.FlushAsync(cancel);
    }

    private static EnvelopeDetails Details(int instance, DateTimeOffset at) => new() { InstanceId = instance.ToString(CultureInfo.InvariantCulture), Timestamp = at };

    private static Dictionary<string, string> Tags(params (string Name, string Value)[] tags) => tags.ToDictionary(tag => tag.Name, tag => tag.Value);
}

using Google.Protobuf;
using Loggregator.Protocol.V2;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>Envelopes and selectors for tests.</summary>
internal static class Some
{
    public static Envelope Log(string source, string text) =>
        new() { SourceId = source, InstanceId = "0", Log = new Log { Payload = ByteString.CopyFromUtf8(text) } };

    public static Envelope Counter(string source, string name) => new() { SourceId = source, Counter = new Counter { Name = name, Delta = 1 } };

    public static Envelope Gauge(string source, params string[] names)
    {
        var gauge = new Gauge();
        foreach (var name in names)
        {
            gauge.Metrics[name] = new GaugeValue { Value = 1 };
        }

        return new Envelope { SourceId = source, Gauge = gauge };
    }

    public static Envelope[] OneOfEach(string source) =>
    [
        Log(source, "log"),
        Counter(source, "counter"),
        Gauge(source, "gauge"),
        new Envelope { SourceId = source, Timer = new Loggregator.Protocol.V2.Timer { Name = "timer" } },
        new Envelope { SourceId = source, Event = new Event { Title = "event" } },
    ];

    public static Selector Logs(string source = "") => new() { SourceId = source, Log = new LogSelector() };

    public static Selector Counters(string source = "", string name = "") => new() { SourceId = source, Counter = new CounterSelector { Name = name } };

    public static Selector Gauges(string source = "", params string[] names) => new() { SourceId = source, Gauge = new GaugeSelector { Names = { names } } };

    public static Selector Timers(string source = "") => new() { SourceId = source, Timer = new TimerSelector() };

    public static Selector Events(string source = "") => new() { SourceId = source, Event = new EventSelector() };
}

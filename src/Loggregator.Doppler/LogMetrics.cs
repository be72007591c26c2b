using System.Diagnostics.Metrics;
using Loggregator.Pipeline.Log;

namespace Loggregator.Doppler;

/// <summary>The instruments of the log's classes, tag <c>class</c>: logs or metrics.</summary>
internal static class LogMetrics
{
    private const string Envelopes = "{envelope}", Bytes = "By", Seconds = "s";

    public static void Register(Meter meter, DopplerCounters counters)
    {
        void Count(string name, Func<ClassUsage, long> read, string unit, string what) =>
            meter.CreateObservableCounter("loggregator.doppler.log.class." + name, () => Measure(counters, read), unit, what);
        void Level<T>(string name, Func<ClassUsage, T> read, string unit, string what)
            where T : struct => meter.CreateObservableGauge("loggregator.doppler.log.class." + name, () => Measure(counters, read), unit, what);

        Count("appended", usage => usage.Envelopes, Envelopes, "Envelopes of the class appended to the log: held + evicted");
        Count("evicted", usage => usage.EvictedEnvelopes, Envelopes, "Of these, those that left the log");
        Count("evicted.bytes", usage => usage.EvictedBytes, Bytes, "Bytes of the envelopes that left the log");
        Level("held", usage => usage.HeldEnvelopes, Envelopes, "Envelopes of the class that the log holds");
        Level("held.bytes", usage => usage.HeldBytes, Bytes, "Their bytes, rows not included");
        Level("budget", usage => usage.Budget, Bytes, "Memory that the class may use, rows included; more while the other class needs less");
        Level("horizon", usage => usage.Horizon.TotalSeconds, Seconds, "How far back from its newest envelope on nothing of the class was evicted");
        Level("oldest", usage => usage.Oldest.TotalSeconds, Seconds, "How far back from its newest envelope the oldest one is that is held");
    }

    private static IEnumerable<Measurement<T>> Measure<T>(DopplerCounters counters, Func<ClassUsage, T> read)
        where T : struct
    {
        yield return new Measurement<T>(read(counters.LogUsage(EnvelopeClass.Logs)), new KeyValuePair<string, object?>("class", "logs"));
        yield return new Measurement<T>(read(counters.LogUsage(EnvelopeClass.Metrics)), new KeyValuePair<string, object?>("class", "metrics"));
    }
}

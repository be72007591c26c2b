using System.Diagnostics.Metrics;
using Loggregator.Nozzle.Spool;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

public sealed class SpoolMetricsTests
{
    [Fact]
    public async Task Instruments_OfTwoSpools_AreToldApartBySink()
    {
        await using var one = new SpoolFixture();
        await using var other = new SpoolFixture();
        await one.AppendAsync(0, 3);
        await other.AppendAsync(0, 5);
        one.Drain();

        using var meter = new Meter("spool-test");
        SpoolMetrics.Register(meter, () => [new("siem", one.Counters), new("archive", other.Counters)]);
        var seen = new Dictionary<(string, string), double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meter)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        void See(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen[(instrument.Name, $"{tags[0].Key}={tags[0].Value}")] = value;
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => See(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => See(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.Equal(0, seen[("loggregator.nozzle.spool.held", "sink=siem")]);
        Assert.Equal(3, seen[("loggregator.nozzle.spool.delivered", "sink=siem")]);
        Assert.Equal(5, seen[("loggregator.nozzle.spool.held", "sink=archive")]);
        Assert.Equal(0, seen[("loggregator.nozzle.spool.stopped", "sink=archive")]);
        Assert.True(seen[("loggregator.nozzle.spool.bytes", "sink=archive")] > 0);
        Assert.True(seen[("loggregator.nozzle.spool.oldest", "sink=archive")] >= 0);
    }
}

using Loggregator.Doppler;
using Xunit;

namespace Loggregator.Tests.Doppler;

public sealed class DopplerOptionsTests
{
    [Fact]
    public void Options_ByDefault_AreValid() => Assert.Empty(new DopplerOptions().Validate());

    [Fact]
    public void Options_WithSeveralErrors_TellAllWithKeyAndCure()
    {
        var errors = new DopplerOptions
        {
            Listen = "here",
            LogBytes = 5,
            MetricPercent = 5,
            SnapshotPath = "/tmp",
            SeriesBytes = 5,
            MaxSeriesPerSource = 0,
            MaxSeries = 0,
            MaxEgressMessageBytes = -1,
            DrainDeadline = TimeSpan.FromSeconds(-1),
            GroupKeep = TimeSpan.FromDays(2),
        }.Validate().ToArray();

        Assert.Equal(10, errors.Length);
        Assert.All(errors, error => Assert.Matches("^Doppler:[A-Za-z]+ is .* Give ", error));
    }
}

using Loggregator.Agent;
using Xunit;

namespace Loggregator.Tests.Agent;

public sealed class AgentOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid() => Assert.Empty(new AgentOptions().Validate());

    [Fact]
    public void Validate_ManyErrors_TellsAllWithKeyAndCure()
    {
        var options = new AgentOptions
        {
            Listen = "3458",
            AgentId = " ",
            Dopplers = ["doppler", "a:0"],
            Lanes = 0,
            RingBytes = 1000,
            DnsRefresh = TimeSpan.Zero,
        };

        var errors = options.Validate().ToArray();

        Assert.Equal(7, errors.Length);
        Assert.All(errors, error => Assert.Matches("^Agent:[A-Za-z]+ .+; give .+", error));
    }
}

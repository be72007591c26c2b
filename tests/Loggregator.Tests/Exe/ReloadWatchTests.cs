using Loggregator.Commands;
using Loggregator.Configuration;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class ReloadWatchTests
{
    /// <summary>A file that changed after the role had read it, and before anybody watched it, is read again without another change.</summary>
    [Fact]
    public async Task ChangeBeforeTheWatchBegan_IsRead()
    {
        var file = Path.GetTempFileName();
        try
        {
            var seen = ReloadWatch.FileStamp.Of(file);
            await File.WriteAllTextAsync(file, "Doppler: {}", TestContext.Current.CancellationToken);
            var time = new FakeTimeProvider();
            var reads = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var log = new ErrorRecorder();

            // The settings are refused, so there is no role that would be told of them.
            await using (new ReloadWatch(null!, Refused, file, seen, time, log.CreateLogger("watch")))
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await reads.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            }

            Assert.Contains("nothing of it is taken over, because of errors: no such key", Assert.Single(log.Errors), StringComparison.Ordinal);

            RoleSettings Refused()
            {
                reads.TrySetResult();
                return RoleSettings.Read([], [], ["no such key"]);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }
}

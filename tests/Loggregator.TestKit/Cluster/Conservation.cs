using System.Diagnostics;

namespace Loggregator.TestKit.Cluster;

/// <summary>
/// The identities of loss accounting: at rest, what each role took in is what it handed on, holds or has counted as lost. It knows rest by
/// every account adding up while no counter moves.
/// </summary>
public static class Conservation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Still = TimeSpan.FromMilliseconds(60); // no counter moves for so long

    /// <summary>Waits until all accounts add up and stay so; else tells which do not, with all counters.</summary>
    public static async Task AssertAsync(InProcessCluster cluster, TimeSpan? patience = null)
    {
        var started = Stopwatch.GetTimestamp();
        var before = "";
        while (true)
        {
            var now = Describe(cluster);
            var open = Accounts(cluster).Where(account => !account.Holds).ToList();
            if (open.Count == 0 && now == before)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(started) > (patience ?? Patience))
            {
                var what = open.Count > 0 ? string.Join('\n', open) : "the counters do not stand still";
                throw new InvalidOperationException(
                    $"Conservation does not hold.\n{what}\n{now}\n{string.Join('\n', cluster.Errors.Warnings.TakeLast(10))}");
            }

            before = now;
            await Task.Delay(Still, TimeProvider.System);
        }
    }

    /// <summary>All counters of all roles.</summary>
    public static string Describe(InProcessCluster cluster) => string.Join('\n', Lives(cluster).Select(life => life.Describe()));

    private static IEnumerable<RoleCounters> Lives(InProcessCluster cluster) => cluster.Roles.SelectMany(role => role.Lives);

    private static IEnumerable<Account> Accounts(InProcessCluster cluster)
    {
        var lives = Lives(cluster).ToList();
        foreach (var account in lives.Where(life => !life.Killed).SelectMany(life => life.Accounts()))
        {
            yield return account;
        }

        if (cluster.Dopplers.Any(doppler => doppler.Lives.Count == 0))
        {
            yield break; // they run elsewhere
        }

        // Producers may also send to Dopplers, and answers may be lost on their way, so this is a bound.
        var missing = Math.Max(0, lives.Sum(life => life.Confirmed) - lives.Sum(life => life.Received));
        yield return new Account("what Dopplers confirmed to agents and did not receive", missing, 0);
    }
}

using CsCheck;
using FlowPipe.Core.Sessions;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>The wheel against a list that is searched from end to end.</summary>
public sealed class TimeoutWheelTests
{
    private const long Second = 1_000_000_000;
    private const long Year = 365L * 24 * 3600 * Second;
    private static readonly CoreFields Fields = new(FieldDictionary.Default);

    private static readonly Gen<long> Jump = Gen.Frequency(
        (6, Gen.Long[0, Second]),
        (6, Gen.Long[0, 20 * Second]),
        (2, Gen.Long[0, 2000 * Second]),
        (1, Gen.Long[0, 30 * Year])
    );

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Enum<Act>(),
        Jump,
        Gen.OneOf(Gen.Long[1, 10], Gen.Long[1, 1500], Pick.From(1023L, 1024L, 1025L, 10_000L)),
        Gen.Int[0, 100],
        (act, jump, timeout, which) => new Step(act, jump, timeout * Second, which)
    );

    [Fact]
    public void EndsWhatIsOverAndNothingElse()
    {
        Gen.Select(Gen.OneOf(Gen.Long[-40 * Year, 40 * Year], Pick.From(0L, -1L, -Second, -Second - 1)), Steps.Array[0, 120])
            .Sample((start, steps) => Check(start, steps), iter: 400);
    }

    [Fact]
    public void TheFirstClockIsTheFirstPackets()
    {
        // Before there are two packets the clock is at -∞ (DESIGN law 2), and sessions are added all the same.
        var wheel = new TimeoutWheel();
        Assert.Null(wheel.NextExpired(long.MinValue));
        FlowSession session = Session(1_700_000_000 * Second, 60 * Second);
        wheel.Add(session);
        Assert.Null(wheel.NextExpired(1_700_000_060 * Second));
        Assert.Same(session, wheel.NextExpired(1_700_000_062 * Second));
        Assert.Null(wheel.NextExpired(1_700_000_062 * Second));
    }

    [Fact]
    public void GivesAllWhenTheyAreTaken()
    {
        var wheel = new TimeoutWheel();
        Assert.Null(wheel.NextExpired(0));
        for (int i = 0; i < 3000; i++)
            wheel.Add(Session(0, i * Second));
        int taken = 0;
        while (wheel.TakeSoonest() is not null)
            taken++;
        Assert.Equal(3000, taken);
        wheel.Restart();
        Assert.Equal(long.MinValue, wheel.DueNs);
    }

    private static void Check(long start, Step[] steps)
    {
        var wheel = new TimeoutWheel();
        var open = new List<FlowSession>();
        long clock = start;
        Run(wheel, open, clock);
        foreach (Step step in steps)
        {
            FlowSession? one = open.Count == 0 ? null : open[step.Which % open.Count];
            switch (step.Act)
            {
                case Act.Add:
                    open.Add(Session(clock + (step.Jump % Second), step.Timeout));
                    wheel.Add(open[^1]);
                    break;
                case Act.Touch when one is not null:
                    one.LastNowNs = Math.Max(one.LastNowNs, clock);
                    break;
                case Act.Remove when one is not null:
                    wheel.Remove(one);
                    open.Remove(one);
                    break;
                case Act.Shorten when one is not null:
                    one.LastNowNs = clock;
                    one.TimeoutNs = Math.Min(one.TimeoutNs, step.Timeout);
                    wheel.Move(one);
                    break;
                case Act.Advance:
                    clock += step.Jump;
                    Run(wheel, open, clock);
                    break;
            }
        }
        Assert.Equal(open.Count, Left(wheel));
    }

    private static void Run(TimeoutWheel wheel, List<FlowSession> open, long clock)
    {
        // As a partition does: asked only when it says that it is due.
        if (clock >= wheel.DueNs)
        {
            while (wheel.NextExpired(clock) is { } session)
            {
                Assert.True(session.DeadlineNs < clock, "a look-up at this clock would have kept it");
                Assert.True(open.Remove(session), "ended twice, or never added");
            }
        }
        Assert.True(clock < wheel.DueNs);
        foreach (FlowSession session in open)
            Assert.True(Floor(session.DeadlineNs) >= Floor(clock), "over since the second before, and still open");
    }

    private static int Left(TimeoutWheel wheel)
    {
        int left = 0;
        while (wheel.TakeSoonest() is not null)
            left++;
        return left;
    }

    private static long Floor(long ns) => (long)Math.Floor((decimal)ns / Second);

    private static FlowSession Session(long last, long timeout) => new(Fields) { LastNowNs = last, TimeoutNs = timeout };

    private enum Act
    {
        Add,
        Touch,
        Remove,
        Shorten,
        Advance,
    }

    private readonly record struct Step(Act Act, long Jump, long Timeout, int Which);
}

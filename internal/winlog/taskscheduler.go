package winlog

import "reeve"

// taskScheduler is the task scheduler's operational log. 129 names the process that a task became, 200 and 201 the one that hosts it.
var taskScheduler = provider{
	names: []string{"microsoft-windows-taskscheduler"}, channels: []string{"microsoft-windows-taskscheduler/operational"},
	meanings: []meaning{
		{ids: ids(106), kind: reeve.TaskChange, fields: []field{taskName, at(reeve.AttrUser, "UserContext")}, fixed: operation("created")},
		{ids: ids(140), kind: reeve.TaskChange, fields: []field{taskName, at(reeve.AttrUser, "UserName")}, fixed: operation("updated")},
		{ids: ids(141), kind: reeve.TaskChange, fields: []field{taskName, at(reeve.AttrUser, "UserName")}, fixed: operation("deleted")},
		{ids: ids(107), kind: reeve.TaskRun, fields: []field{taskName, taskInstance}, fixed: operation("by time")},
		{ids: ids(108), kind: reeve.TaskRun, fields: []field{taskName, taskInstance}, fixed: operation("by event")},
		{ids: ids(110), kind: reeve.TaskRun, fields: []field{taskName, taskInstance, at(reeve.AttrUser, "UserContext")}, fixed: operation("by user")},
		{ids: ids(118), kind: reeve.TaskRun, fields: []field{taskName, taskInstance}, fixed: operation("at boot")},
		{ids: ids(119), kind: reeve.TaskRun, fields: []field{taskName, taskInstance, at(reeve.AttrUser, "UserName")}, fixed: operation("at logon")},
		{ids: ids(129), kind: reeve.TaskRun, fields: []field{taskName, at(reeve.AttrAction, "Path"), part(toActorPID, "ProcessID"),
			{to: toActorPID, raw: []string{"Message"}, as: asPhrase, second: "with process ID "}}, fixed: operation("process created")},
		{ids: ids(200), kind: reeve.TaskRun, fields: []field{taskName, taskInstance, at(reeve.AttrAction, "ActionName"), part(toActorPID, "EnginePID")}, fixed: operation("action started")},
		{ids: ids(201), kind: reeve.TaskRun, fields: []field{taskName, taskInstance, at(reeve.AttrAction, "ActionName"), at(reeve.AttrResult, "ResultCode"), part(toActorPID, "EnginePID")}, fixed: operation("action ended")},
	},
}

var (
	taskName     = at(reeve.AttrName, "TaskName")
	taskInstance = conv(reeve.AttrActivity, asGUID, "InstanceId", "TaskInstanceId")
)
